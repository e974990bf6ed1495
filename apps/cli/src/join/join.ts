import type { BackendName, DataChoice } from '@strata/client/session';
import { type SampleId, StrataError } from '@strata/fl-core/protocol';
import { dataFiles } from './data-files.ts';
import { identities } from './identities.ts';
import { invitationIn } from './invitation.ts';
import { nodePlatform } from './node-platform.ts';
import { Participant, type Said } from './participant.ts';
import { dataLines, lineOf, resultOf } from './report.ts';

export interface JoinOptions {
  /** A client for each. */
  readonly data: readonly string[];
  readonly sample?: SampleId;
  /** Of the sample; each client has a part of it. */
  readonly clients: number;
  readonly name?: string;
  readonly budget?: number;
  readonly backend?: BackendName;
  /** Where clients and parts of models stay for the next time. */
  readonly state?: string;
  readonly said: Said;
}

/** More than this many clients are told together, by number. */
const mostTold = 4;

/**
 * Takes part in a run with the clients that the options ask for, until all of them have ended.
 * @param signal leaves the run.
 * @throws StrataError what keeps them from joining; nobody has joined then.
 */
export async function join(
  address: string,
  options: JoinOptions,
  signal: AbortSignal,
  log: (line: string) => void,
) {
  const { server, run, key } = invitationIn(address);
  const choices = await choicesOf(options);
  const folder = options.state ?? null;
  const platform = nodePlatform(folder);
  const who = await identities(folder, run, choices.length);
  const alone = choices.length === 1;
  const participants = who.map(
    (identity, i) =>
      new Participant(startOptions(identity, i), platform, (snapshot) => {
        const line = choices.length > mostTold ? null : lineOf(snapshot);
        if (line !== null) log(alone ? line : `${i + 1}: ${line}`);
      }),
  );
  for (const [i, participant] of participants.entries()) {
    await participant.prepare(choices[i]!, options.said);
    if (choices.length <= mostTold || i === 0) for (const line of dataLines(participant.snapshot)) log(line);
    else if ((i + 1) % 10 === 0) log(`${i + 1} of ${choices.length} clients have their data`);
    signal.throwIfAborted();
  }
  const leave = () => void Promise.all(participants.map((participant) => participant.leave()));
  signal.addEventListener('abort', leave, { once: true });
  for (const participant of participants) participant.join();
  const told = choices.length > mostTold ? setInterval(() => log(together(participants)), 10_000) : null;
  const ends = await Promise.all(participants.map((participant) => participant.end()));
  if (told !== null) {
    clearInterval(told);
    log(together(participants));
  }
  signal.removeEventListener('abort', leave);
  return { run, clients: participants.map(({ snapshot }, i) => resultOf(snapshot, ends[i]!)) };

  function startOptions(identity: (typeof who)[number], i: number) {
    const { name, budget, backend } = options;
    return {
      run,
      key,
      server,
      identity,
      ...(name === undefined ? {} : { name: alone ? name : `${name} ${i + 1}` }),
      ...(budget === undefined ? {} : { budget }),
      ...(backend === undefined ? {} : { backend }),
    };
  }
}

async function choicesOf({ data, sample, clients }: JoinOptions): Promise<readonly DataChoice[]> {
  if (sample !== undefined && data.length === 0) {
    return Array.from({ length: clients }, (_, shard) => ({ kind: 'sample', sample, shard, of: clients }));
  }
  if (sample === undefined && data.length > 0 && (clients === 1 || clients === data.length)) {
    return Promise.all(data.map(async (path) => ({ kind: 'files', files: await dataFiles(path) })));
  }
  throw new StrataError(
    'bad-request',
    'What the clients train on is not clear.',
    'Give --data once for each client, or --sample with --clients.',
  );
}

/** How many clients are at what. */
function together(participants: readonly Participant[]): string {
  const kinds = new Map<string, number>();
  for (const { snapshot } of participants) {
    kinds.set(snapshot.phase.kind, (kinds.get(snapshot.phase.kind) ?? 0) + 1);
  }
  const rounds = participants.reduce((sum, { snapshot }) => sum + snapshot.roundsDone, 0);
  return `${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')}; ${rounds} updates sent`;
}
