import type { RunConfig } from '@strata/fl-core/protocol';
import { Gate, Participant } from './participant.ts';

/** The participants of a measurement, in a process of their own; prints what it saw as lines of JSON. */
export type CrowdTask =
  | {
      readonly what: 'rounds';
      /** Participants are dealt out to these. */
      readonly servers: readonly string[];
      readonly run: string;
      readonly key: string;
      readonly config: RunConfig;
      readonly participants: number;
      readonly downloads: boolean;
    }
  | {
      readonly what: 'seats';
      /** Participants are dealt out to these, and to these runs. */
      readonly servers: readonly string[];
      readonly runs: readonly { readonly run: string; readonly key: string }[];
      readonly config: RunConfig;
      readonly participants: number;
    }
  | {
      readonly what: 'uploads';
      readonly server: string;
      readonly participants: number;
      /** Of each upload. */
      readonly bytes: number;
    };

/** Everybody is there. */
export interface Joined {
  readonly joinSeconds: number;
}
/** The run is over. */
export interface Played {
  /** When the last update of each round was acknowledged, milliseconds since the epoch; rounds from 1 on. */
  readonly lastUploads: readonly number[];
  /** Bytes of one update of each round. */
  readonly bytes: readonly number[];
}
/** All uploads were acknowledged. */
export interface Sent {
  readonly seconds: number;
}

/** A browser's tab would have a connection of its own; here as many as may be open speak for all. */
const atOnce = 64;

const say = (row: Joined | Played | Sent): void => {
  process.stdout.write(`${JSON.stringify(row)}\n`);
};

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

async function joinAll(everybody: readonly Participant[]): Promise<void> {
  const start = performance.now();
  // This process is one for all of them, and who waits for 20 s gives up.
  const door = new Gate(64);
  await Promise.all(everybody.map((participant) => door.through(() => participant.join())));
  say({ joinSeconds: (performance.now() - start) / 1000 });
}

async function play(task: Extract<CrowdTask, { what: 'rounds' }>): Promise<void> {
  const lastUploads: number[] = [];
  const bytes: number[] = [];
  const crowd = {
    ...task,
    gate: new Gate(atOnce),
    uploaded: (round: number, size: number, at: number) => {
      lastUploads[round - 1] = Math.max(lastUploads[round - 1] ?? 0, at);
      bytes[round - 1] = size;
    },
    failed: fail,
  };
  const everybody = Array.from({ length: task.participants }, (_, i) => new Participant(crowd, i));
  await joinAll(everybody);
  await Promise.all(everybody.map((participant) => participant.over));
  say({ lastUploads, bytes });
}

/** Sits there until the process is ended. */
async function sit({ runs, ...task }: Extract<CrowdTask, { what: 'seats' }>): Promise<void> {
  const crowd = { ...task, downloads: false, gate: new Gate(1), uploaded: () => {}, failed: fail };
  const everybody = Array.from(
    { length: task.participants },
    (_, i) => new Participant({ ...crowd, ...(runs[i % runs.length] ?? { run: '', key: '' }) }, i),
  );
  await joinAll(everybody);
}

/** The same number of bytes as a round's updates, to a server that does nothing else. */
async function send({ server, participants, bytes }: Extract<CrowdTask, { what: 'uploads' }>): Promise<void> {
  const bodies = Array.from({ length: participants }, (_, i) => new Uint8Array(bytes).fill(i));
  const gate = new Gate(atOnce);
  const start = performance.now();
  await Promise.all(
    bodies.map((body) =>
      gate.through(async () => {
        const answer = await fetch(server, { method: 'PUT', body });
        // Not checked against a hash made here: that would be this process's time, which a round does not take.
        if (!answer.ok || (await answer.text()).length !== 64)
          throw new Error('The bare server took no update.');
      }),
    ),
  );
  say({ seconds: (performance.now() - start) / 1000 });
}

const task: CrowdTask = JSON.parse(process.argv[2] ?? '{}');
switch (task.what) {
  case 'rounds':
    await play(task);
    process.exit(0);
    break;
  case 'seats':
    await sit(task);
    break;
  case 'uploads':
    await send(task);
    break;
  default:
    task satisfies never;
}
