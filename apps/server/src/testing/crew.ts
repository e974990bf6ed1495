import type { Hello, RoundDetail, RunConfig, RunView } from '@strata/fl-core/protocol';
import { drawCohort, drawFrom } from '@strata/fl-core/rounds';
import { honest, type Script, type TestClient } from './client.ts';
import { type TestServer, testConfig } from './server.ts';

/** A run and its clients, ready for a test to disturb. */
export interface Crew {
  readonly id: string;
  readonly config: RunConfig;
  readonly clients: TestClient[];
}

/** Creates a run with one client for each script, all joined (saying `hellos`), and starts it. */
export async function startCrew(
  server: TestServer,
  scripts: readonly Partial<Script>[],
  more: Parameters<typeof testConfig>[0] = {},
  hellos: readonly Partial<Hello>[] = [],
): Promise<Crew> {
  // As the server has it: with what it found at the source of an imported model.
  const { id, config } = await server.createRun(testConfig(more));
  const clients = scripts.map((script, i) =>
    server.client({ run: id, id: `c${i + 1}`, config, script, samples: 10 * (i + 1) }),
  );
  await Promise.all(clients.map((c, i) => c.join(hellos[i])));
  await server.command(id, 'start');
  return { id, config, clients };
}

/** Waits until `count` rounds are committed and returns the newest of them. */
export async function committed(
  server: TestServer,
  run: string,
  count: number,
  timeoutMs?: number,
): Promise<RoundDetail> {
  const view = await server.until(run, (v) => v.committed >= count, `${count} committed rounds`, timeoutMs);
  return server.round(run, lastCommitted(view));
}

function lastCommitted(view: RunView): number {
  return view.rounds.filter((r) => r.phase === 'committed').at(-1)?.round ?? 0;
}

/** A sampling seed with which the first cohort, of these ids, is `wanted`. */
export async function samplingFor(ids: readonly string[], wanted: readonly string[]): Promise<number> {
  const candidates = ids.map((id) => ({ id, missed: 0 }));
  const from = drawFrom(candidates, wanted.length, wanted.length, 1);
  for (let seed = 0; ; seed++) {
    if ((await drawCohort(from, String(seed), 1)).join() === wanted.join()) return seed;
  }
}

/** Holds scripts back until a test has seen what it wants to see. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

/** Trains honestly once the gate is open. */
export const gated =
  (gate: Gate): Script['train'] =>
  async (client, work) => {
    await gate.opened;
    await honest.train(client, work);
  };
