import { setTimeout as sleep } from 'node:timers/promises';
import { joinPath } from '@strata/client';
import { samples } from '@strata/fl-core/data';
import type { RoundSummary } from '@strata/fl-core/protocol';
import {
  ensureChromium,
  launchChromium,
  OperatorApi,
  type PlainTab,
  plainTabs,
  ServerProcess,
} from '@strata/harness';
import type { BenchContext, Benchmark, Row } from './benchmark.ts';

/**
 * The participant's page while its worker trains on wasm: how long the main thread is ever kept busy, and how fast
 * training goes on when the tab is hidden. Rounds alternate between the two; the first warms up.
 */
export const page: Benchmark = {
  title: "The participant's page while it trains: longest task, speed when hidden.",
  options: { rounds: 7, epochs: 2, side: 64 },
  run,
};

/** Longest gap between two turns of the page's event loop, and tasks over 50 ms as the browser reports them. */
const watcher = `(() => {
  const seen = { longestGap: 0, longTasks: [] };
  globalThis.seen = seen;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longTasks.push(duration);
  }).observe({ type: 'longtask' });
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  let shown = !document.hidden; // since the last turn: a hidden page's timers wait on purpose
  document.addEventListener('visibilitychange', () => { shown = false; });
  port1.onmessage = () => {
    const now = performance.now();
    if (shown) seen.longestGap = Math.max(seen.longestGap, now - last);
    shown = !document.hidden;
    last = now;
    setTimeout(() => port2.postMessage(0), 1);
  };
  port2.postMessage(0);
})()`;

async function* run({ options, log }: BenchContext): AsyncIterable<Row> {
  const { rounds = 0, epochs = 0, side = 0 } = options;
  const server = await ServerProcess.start();
  const browser = await launchChromium(ensureChromium(log), { hides: true });
  try {
    const api = new OperatorApi(server.url, server.token);
    const { id, joinKey: key } = await api.createRun({
      name: 'Page',
      model: 'vit-nano',
      side,
      data: { kind: 'image', sample: 'emoji' },
      labels: [...samples.emoji.labels],
      strategy: { name: 'full' },
      rounds,
      purpose: { kind: 'test' },
      cohort: { goal: 1, minimum: 1, quorum: 1 },
      local: { epochs, batchSize: 16 },
    });
    await api.command(id, 'start');

    const open = await plainTabs(browser);
    const query = {
      sample: 'emoji',
      shard: '0',
      of: '1',
      backend: 'wasm',
      seed: '1',
      name: 'Page',
      autostart: '1',
    };
    const tab = await open(server.url + joinPath({ run: id, key }, query));
    const other = await open('about:blank');
    await tab.activate();

    const turns = { visible: new Turns(), hidden: new Turns() };
    for (let round = 1; round <= rounds; round++) {
      const hidden = round % 2 === 1 && round > 1;
      await (hidden ? other : tab).activate();
      await reached(api, id, round, 'training');
      const state = await tab.evaluate('document.visibilityState');
      if (state !== (hidden ? 'hidden' : 'visible')) throw new Error(`The tab is ${String(state)}.`);
      if (round === 2) await tab.evaluate(watcher);
      const { seconds } = await reached(api, id, round, 'committed');
      log(`Round ${round}, ${String(state)}: ${seconds.training.toFixed(1)} s of training`);
      if (round > 1) turns[hidden ? 'hidden' : 'visible'].add(seconds.training);
    }
    const { longestGap, longTasks } = await seen(tab);
    yield {
      measure: 'main thread during training',
      longestGapMs: longestGap,
      tasksOver50Ms: longTasks.length,
      longestTaskMs: Math.max(0, ...longTasks),
    };
    yield {
      measure: 'training in a hidden tab',
      visibleSeconds: turns.visible.mean(),
      hiddenSeconds: turns.hidden.mean(),
      speedShare: turns.visible.mean() / turns.hidden.mean(),
    };
  } finally {
    await browser.close();
    await server.dispose();
  }
}

class Turns {
  readonly #seconds: number[] = [];

  add(seconds: number): void {
    this.#seconds.push(seconds);
  }

  mean(): number {
    return this.#seconds.reduce((a, b) => a + b, 0) / this.#seconds.length;
  }
}

async function seen(tab: PlainTab): Promise<{ longestGap: number; longTasks: number[] }> {
  return (await tab.evaluate('globalThis.seen')) as { longestGap: number; longTasks: number[] };
}

/** The round once it is in `phase` or past it. Throws after five minutes. */
async function reached(
  api: OperatorApi,
  run: string,
  round: number,
  phase: 'training' | 'committed',
): Promise<RoundSummary> {
  const enough =
    phase === 'committed' ? ['committed'] : ['training', 'aggregating', 'evaluating', 'committed'];
  const deadline = Date.now() + 300_000;
  while (Date.now() < deadline) {
    const found = (await api.run(run)).rounds.find((r) => r.round === round);
    if (found?.phase === 'abandoned') throw new Error(`Round ${round} was abandoned: ${found.reason}`);
    if (found && enough.includes(found.phase)) return found;
    await sleep(50);
  }
  throw new Error(`Round ${round} did not reach ${phase}.`);
}
