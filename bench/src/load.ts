import { joinPath } from '@strata/client';
import { samples } from '@strata/fl-core/data';
import { ensureChromium, launchChromium, OperatorApi, ServerProcess } from '@strata/harness';
import type { BenchContext, Benchmark, Row } from './benchmark.ts';

/**
 * What a participant's device loads before its person can join, and when something is seen, on a slow line with a slow
 * processor. Bytes are as sent, compressed, with those of the worker, which
 * trains, and of what is fetched in advance. The line is slow for the page alone.
 */
export const load: Benchmark = {
  title: 'The join page: bytes until one can join, first paint on a slow line.',
  // Lighthouse's slow 4G and its middling phone.
  options: { times: 3, kilobits: 1600, roundTripMs: 150, slowdown: 4 },
  run,
};

/** Until when the page is watched: its person sees what the device can do. */
const ready = '[data-testid=device] [data-backend]';

async function* run({ options, log }: BenchContext): AsyncIterable<Row> {
  const { times = 1, kilobits = 0, roundTripMs = 0, slowdown = 1 } = options;
  const server = await ServerProcess.start();
  const browser = await launchChromium(ensureChromium(log));
  try {
    const api = new OperatorApi(server.url, server.token);
    const { id, joinKey: key } = await api.createRun({
      name: 'Load',
      model: 'vit-nano',
      data: { kind: 'image', sample: 'emoji' },
      labels: [...samples.emoji.labels],
      strategy: { name: 'full' },
      rounds: 1,
      purpose: { kind: 'test' },
      cohort: { goal: 1, minimum: 1, quorum: 1 },
    });
    const address = server.url + joinPath({ run: id, key }, { backend: 'wasm' });
    for (let time = 1; time <= times; time++) {
      const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
      const page = await context.newPage();
      const session = await context.newCDPSession(page);
      await session.send('Network.enable');
      await session.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: roundTripMs,
        downloadThroughput: (1000 * kilobits) / 8,
        uploadThroughput: (1000 * kilobits) / 8,
      });
      await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
      const begin = performance.now();
      const lengths: Promise<string | null>[] = [];
      page.on('response', (response) => lengths.push(response.headerValue('content-length')));
      const arrived = async () =>
        (await Promise.all(lengths)).reduce((sum, length) => sum + Number(length ?? 0), 0) / 1000;
      await page.goto(address);
      await page.locator(ready).waitFor({ timeout: 120_000 });
      const deviceSeconds = (performance.now() - begin) / 1000;
      // What is fetched in advance of joining counts as well.
      await page.waitForTimeout(3000);
      const paints = (await page.evaluate(
        `new Promise((done) => new PerformanceObserver((list) => done({
          first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
          largest: list.getEntries().at(-1)?.startTime ?? null,
        })).observe({ type: 'largest-contentful-paint', buffered: true }))`,
      )) as { first: number | null; largest: number | null };
      yield {
        time,
        files: lengths.length,
        kilobytes: await arrived(),
        firstPaintSeconds: paints.first === null ? null : paints.first / 1000,
        largestPaintSeconds: paints.largest === null ? null : paints.largest / 1000,
        deviceCheckedSeconds: deviceSeconds,
      };
      await context.close();
    }
  } finally {
    await browser.close();
    await server.dispose();
  }
}
