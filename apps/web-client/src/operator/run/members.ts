import type { RoundDetail } from '@strata/fl-core/protocol';

/** The participants of a round as a table to take home: headings, then a row each, every digit. */
export function memberRows(
  { members }: Pick<RoundDetail, 'members'>,
  names: ReadonlyMap<string, string>,
  sealed = false,
): (string | number | null)[][] {
  return [
    [
      'client',
      'name',
      'state',
      'samples',
      'budget',
      'mask',
      'training loss',
      'held-out loss',
      'accuracy',
      'held-out samples',
      'epsilon claimed',
      'bytes received',
      'bytes sent',
    ],
    ...members.map((m) => [
      m.client,
      names.get(m.client) ?? '',
      m.state,
      sealed ? null : m.samples,
      m.budget,
      m.mask === null ? null : m.mask.join(' '),
      m.trainLoss,
      m.evaluation?.loss ?? null,
      m.evaluation?.accuracy ?? null,
      m.evaluation?.samples ?? null,
      m.epsilon,
      m.bytesDown,
      m.updateBytes,
    ]),
  ];
}
