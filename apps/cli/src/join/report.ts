import type { ClientPhase, ClientSnapshot } from '@strata/client/session';

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const mostListed = 5;

/** What a client begins, in a line; null where there is nothing to say to somebody who reads along. */
export function lineOf({ phase, losses, accuracies, mask, standing }: ClientSnapshot): string | null {
  switch (phase.kind) {
    case 'starting':
    case 'choosing':
    case 'ready':
    case 'fetching':
    case 'probing':
    case 'sealing':
    case 'sending':
    case 'evaluating':
      return null;
    case 'loading-data':
      return 'reads the data';
    case 'connecting':
      return 'joins';
    case 'waiting': {
      const loss = losses.at(-1);
      const accuracy = accuracies.at(-1);
      const done = [
        ...(loss === undefined ? [] : [`round ${loss.round}: training loss ${loss.loss.toFixed(3)}`]),
        ...(standing === null ? [] : [spentText(standing)]),
        ...(accuracy === undefined
          ? []
          : [`own held-out accuracy after round ${accuracy.round}: ${percent(accuracy.accuracy)}`]),
      ];
      return [`waits: ${phase.message}`, ...done].join('; ');
    }
    case 'training':
      return `round ${phase.round}: trains ${mask === null || mask.length === 0 ? 'the head alone' : mask.join(', ')}`;
    case 'paused':
      return 'is paused';
    case 'left':
      return 'has left';
    case 'over':
      return `is done: ${phase.message}`;
    case 'failed':
      return `cannot go on: ${phase.error.message} ${phase.error.hint}`;
    default:
      return phase satisfies never;
  }
}

/** What was used up of the protection of each sample. */
const spentText = ({
  epsilon,
  promised,
  skipped,
  kept,
  concern,
}: NonNullable<ClientSnapshot['standing']>): string =>
  [
    `used up of what is promised of each sample: ε ${epsilon.toFixed(2)} of ${promised}`,
    ...(concern === null ? [] : [concern]),
    ...(skipped === 0 ? [] : [`${skipped} gradients were not finite and counted as nothing`]),
    ...(kept === false ? ['the next start will not know: --state keeps it'] : []),
  ].join('; ');

/** What was read, and what was left out and why. */
export function dataLines({ data, device }: ClientSnapshot): string[] {
  if (data === null) return [];
  const { samples, heldOut, labels, classCounts, problems, problemCount, unknown, tables } = data;
  const counts = labels.map((label, i) => `${label} ${classCounts[i] ?? 0}`);
  const more = problemCount - Math.min(mostListed, problems.length);
  return [
    ...(device === null ? [] : [device.reason]),
    `${samples} samples to train on, ${heldOut} held out${classCounts.length === 0 ? '' : `: ${counts.join(', ')}`}`,
    ...tables.map(({ file, titles, roles }) => {
      const taken = titles.flatMap((title, i) => (roles[i] === 'none' ? [] : [`${title} as ${roles[i]}`]));
      return `${file}: ${taken.join(', ')}; --text and --label say others`;
    }),
    ...problems.slice(0, mostListed).map(({ file, reason }) => `left out: ${file} ${reason}`),
    ...(more > 0 ? [`left out: ${more} more`] : []),
    ...unknown.map(
      ({ name, count, suggestion }) =>
        `left out: ${count} of "${name}", which is no label of the run; --means "${name}=${suggestion ?? 'LABEL'}" says what it is`,
    ),
  ];
}

/** What a client did, for programs. */
export function resultOf(snapshot: ClientSnapshot, end: ClientPhase) {
  const { client, data, roundsDone, losses, accuracies, bytesDown, bytesUp, signingKey, standing } = snapshot;
  return {
    client,
    end: end.kind === 'over' ? end.state : end.kind,
    samples: data?.samples ?? 0,
    heldOut: data?.heldOut ?? 0,
    roundsDone,
    losses,
    accuracies,
    bytesDown,
    bytesUp,
    signingKey,
    ...(standing === null ? {} : { spent: standing }),
  };
}
