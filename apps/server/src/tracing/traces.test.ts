// @module-tag long
import { readFile } from 'node:fs/promises';
import { routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestClient } from '../testing/client.ts';
import { type CollectedSpan, Collector } from '../testing/collector.ts';
import { committed, Gate, gated, startCrew } from '../testing/crew.ts';
import { operatorOf, TestServer, testConfig, untilRun } from '../testing/server.ts';
import { ServerProcess } from '../testing/server-process.ts';
import { otlpTraces } from './otlp.ts';

/** A machine that does much else. */
const patient = { timeout: 120_000 };
const deadlines = { probing: 200, training: 200, evaluating: 200 };

let collector: Collector;
beforeAll(async () => {
  collector = await Collector.start();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.endpoint);
  // Spans are sent while the test looks, and before a kill.
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50');
}, 300_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await collector.close();
});

const spansOf = (run: string): CollectedSpan[] =>
  collector.spans.filter((s) => s.attributes['strata.run'] === run);
const namesOf = (spans: readonly CollectedSpan[]): string[] => spans.map((s) => s.name).sort();
const seconds = ({ start, end }: CollectedSpan): number => Number(end - start) / 1e9;
const untilSpans = (run: string, test: (names: string[]) => boolean): Promise<CollectedSpan[]> =>
  vi.waitUntil(() => {
    const spans = spansOf(run);
    return test(namesOf(spans)) && spans;
  }, patient);

describe('the traces of a server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  }, 120_000);
  afterAll(() => server.close(), 60_000);

  it('are one a round: its phases, its uploads, its layers, with the times and bytes that the operator is told', async () => {
    const crew = await startCrew(server, [{}, {}, {}], { rounds: 2, deadlines });
    await committed(server, crew.id, 2, patient.timeout);
    const spans = await untilSpans(crew.id, (names) => names.filter((n) => n === 'round').length === 2);
    expect(new Set(spans.map((s) => s.traceId)).size).toBe(2);
    for (const number of [1, 2]) {
      const ofRound = spans.filter((s) => s.attributes['strata.round'] === number);
      expect(new Set(ofRound.map((s) => s.traceId)).size).toBe(1);
      const detail = await server.round(crew.id, number);
      const [root] = ofRound.filter((s) => s.name === 'round');
      expect(root?.parentSpanId).toBeUndefined();
      expect(Number(root!.start / 1_000_000n)).toBe(detail.openedAt);
      expect(Number(root!.end / 1_000_000n)).toBe(detail.closedAt);
      const phases = ['probing', 'selecting', 'training', 'aggregating', 'evaluating'] as const;
      for (const phase of phases) {
        const [span, ...more] = ofRound.filter((s) => s.name === phase);
        expect(more).toEqual([]);
        expect(span?.parentSpanId).toBe(root?.spanId);
        expect(seconds(span!)).toBeCloseTo(detail.seconds[phase], 6);
      }
      const phase = (name: string) => ofRound.find((s) => s.name === name)!;
      expect(phase('training').attributes).toMatchObject({
        'strata.cohort': 3,
        'strata.updates': 3,
        'strata.bytes_up': detail.bytesUp,
      });
      for (const name of ['receive', 'check']) {
        const uploads = ofRound.filter((s) => s.name === name);
        expect(uploads.map((s) => s.parentSpanId)).toEqual(Array(3).fill(phase('training').spanId));
        const bytes = uploads.map((s) => [s.attributes['strata.client'], s.attributes['strata.bytes']]);
        expect(Object.fromEntries(bytes)).toEqual(
          Object.fromEntries(detail.members.map((m) => [m.client, m.updateBytes])),
        );
      }
      const layers = ofRound.filter((s) => s.name === 'layers');
      expect(layers.map((s) => s.parentSpanId)).toEqual(layers.map(() => phase('aggregating').spanId));
      expect(layers.flatMap((s) => s.attributes['strata.layers']).sort()).toEqual(
        Object.keys(detail.checkpoint!.layers).sort(),
      );
      for (const { start, end } of layers) {
        expect(start).toBeGreaterThanOrEqual(phase('aggregating').start);
        expect(end).toBeLessThanOrEqual(phase('aggregating').end);
      }
    }
  }, 300_000);

  it('say that an update was refused, by its code, and that a round was abandoned, with the reason', async () => {
    const wrong = async (
      client: TestClient,
      work: { round: number } & Parameters<TestClient['delta']>[0],
    ) => {
      const delta = client.delta(work);
      delta[0]!.data[0] = Number.NaN;
      await client.upload(work.round, delta).catch(() => client.standing('leave'));
    };
    const crew = await startCrew(server, [{ train: wrong }, { train: wrong }, { train: wrong }], {
      rounds: 1,
      deadlines,
    });
    const spans = await untilSpans(crew.id, (names) => names.includes('round'));
    const refused = spans.filter((s) => s.name === 'check');
    expect(refused.map((s) => s.status)).toEqual(refused.map(() => ({ code: 2, message: 'non-finite' })));
    expect(refused.length).toBeGreaterThan(0);
    const [root] = spans.filter((s) => s.name === 'round');
    const { reason } = await server.round(crew.id, 1);
    expect(root?.status).toEqual({ code: 2, message: reason });
    expect(reason).toContain('0 of 3 participants answered');
  }, 300_000);

  it('tell nothing of a cohort that is drawn in secret but its phases (R14)', async () => {
    const crew = await startCrew(server, [{}, {}, {}, {}], {
      rounds: 1,
      deadlines,
      strategy: { name: 'head-only' },
      budget: { kind: 'fixed', unit: 'layers', amount: 1 },
      aggregation: { rule: { name: 'mean' } },
      cohort: { goal: 2, minimum: 3 },
      privacy: { kind: 'client', epsilon: 100, delta: 1e-2, clip: 1, noise: 1, sampling: 0.9 },
      purpose: { kind: 'test', sampling: null },
    });
    await committed(server, crew.id, 1, patient.timeout);
    const spans = await untilSpans(crew.id, (names) => names.includes('round'));
    expect(namesOf(spans)).toEqual(['aggregating', 'evaluating', 'round', 'selecting', 'training']);
    const told = new Set(spans.flatMap((s) => Object.keys(s.attributes)));
    expect([...told].sort()).toEqual(['strata.phase', 'strata.round', 'strata.run']);
  }, 300_000);
});

it('a server that is killed in mid-round goes on with the same trace', async () => {
  const server = await ServerProcess.place();
  const clients: TestClient[] = [];
  try {
    const { url } = server;
    await server.start();
    const config = testConfig({ rounds: 1, deadlines });
    const { id, joinKey: key } = await operatorOf(url).call(routes.createRun, { body: config });
    const gate = new Gate();
    for (const name of ['c1', 'c2', 'c3']) {
      const script = { train: gated(gate) };
      clients.push(new TestClient({ url, run: id, key, id: name, config, script }));
    }
    await Promise.all(clients.map((c) => c.join()));
    await operatorOf(url).call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });
    await untilSpans(id, (names) => names.includes('selecting'));
    await server.kill();
    await server.start();
    gate.open();
    await untilRun(url, id, (v) => v.state === 'finished', 'the end', patient.timeout);
    const spans = await untilSpans(id, (names) => names.includes('round'));
    expect(new Set(spans.map((s) => s.traceId)).size).toBe(1);
    const senders = (name: string) =>
      new Set(spans.filter((s) => s.name === name).map((s) => s.resource['service.instance.id']));
    expect(senders('probing').size).toBe(1);
    expect(senders('training').size).toBe(1);
    expect(senders('probing')).not.toEqual(senders('training'));
    // Training began in the one process and ended in the other.
    const training = spans.find((s) => s.name === 'training')!;
    const selecting = spans.find((s) => s.name === 'selecting')!;
    expect(training.start).toBe(selecting.end);
  } finally {
    for (const client of clients) client.drop();
    await server.remove();
  }
}, 300_000);

it('a collector that is away costs a warning in the log, and holds up neither work nor the end', async () => {
  const gone = await Collector.start();
  const { endpoint } = gone;
  await gone.close();
  const warn = vi.fn();
  const traces = await otlpTraces({ endpoint, node: 'a', log: { warn } });
  const phase = { run: 'r', round: 1, phase: 'training' } as const;
  const began = performance.now();
  expect(await traces.within(phase, 'receive', {}, async () => 7)).toBe(7);
  const failing = traces.within(phase, 'check', {}, async () => {
    throw new Error('of the work itself');
  });
  await expect(failing).rejects.toThrow('of the work itself');
  expect(performance.now() - began).toBeLessThan(1_000);
  await traces.close();
  expect(performance.now() - began).toBeLessThan(20_000);
  // It was tried more than once.
  await vi.waitUntil(() => warn.mock.calls.length > 0, { timeout: 60_000 });
}, 90_000);

it('without a collector nothing of the libraries is loaded: the bundle would load what is imported by a line', async () => {
  const text = await readFile(new URL('./otlp.ts', import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => /from '@opentelemetry/.test(line));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).toMatch(/^import type /);
});
