import type { MemberView, RoundDetail } from '@strata/fl-core/protocol';
import { plural } from '../../shared/texts/format.ts';

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
      'at work since round',
      'staleness',
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
      m.since,
      m.staleness,
    ]),
  ];
}

/** Of a buffered run: how old the updates of a round were. */
export function staleText({ updates, mean }: NonNullable<RoundDetail['stale']>, all: number): string {
  if (updates === 0) return `All ${plural(all, 'update')} were trained from the newest model.`;
  return `${updates} of ${plural(all, 'update')} ${updates === 1 ? 'was' : 'were'} trained from an older model: since, a layer had been changed ${mean.toFixed(1)} times, in the mean of all.`;
}

/** What stands behind a participant’s state where it goes on with what it got in an earlier round. */
export const sinceText = ({ since }: Pick<MemberView, 'since'>, round: number): string =>
  since === null || since >= round ? '' : `, at work since round ${since}`;
