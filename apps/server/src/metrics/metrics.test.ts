// @module-tag long
import { readFile, statfs } from 'node:fs/promises';
import { routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silent } from '../testing/client.ts';
import { committed, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

/** A sample of the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/), by name and labels. */
function samplesIn(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const parts = /^([a-z_\d]+(?:\{[^}]*\})?) (\S+)$/.exec(line);
      if (!parts) throw new Error(`no sample: ${line}`);
      return [parts[1] ?? '', parts[2] === 'Nan' ? Number.NaN : Number(parts[2])] as const;
    }),
  );
}

const scrape = async () => {
  const answer = await server.operator.bytes(routes.metrics, {});
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return samplesIn(await answer.text());
};

describe('the figures of a server', () => {
  it('are those of its rounds, its clients, its bytes and its disk', async () => {
    const before = await scrape();
    expect(before.get('strata_rounds_total{outcome="committed"}')).toBe(0);
    const crew = await startCrew(server, [{}, {}, {}], { rounds: 2 });
    await committed(server, crew.id, 2);
    const after = await scrape();
    expect(after.get('strata_rounds_total{outcome="committed"}')).toBe(2);
    expect(after.get('strata_rounds_total{outcome="abandoned"}')).toBe(0);
    expect(after.get('strata_runs{state="finished"}')).toBe(1);
    expect(after.get('strata_connections{namespace="clients"}')).toBe(3);
    expect(after.get('strata_log_lines_total{kind="round-committed",level="info"}')).toBe(2);
    expect(after.get('strata_database_up')).toBe(1);
    // The operator's own account of the same rounds, which comes by another way.
    const rounds = await Promise.all([1, 2].map((n) => server.round(crew.id, n)));
    const training = rounds.reduce((sum, { seconds }) => sum + seconds.training, 0);
    expect(after.get('strata_round_phase_seconds_sum{phase="training",outcome="committed"}')).toBeCloseTo(
      training,
      6,
    );
    // Six uploads at least, of the bytes that the rounds' members say.
    const sent = rounds.reduce((sum, { bytesUp }) => sum + bytesUp, 0);
    const key = 'strata_network_bytes_total{direction="in"}';
    expect(sent).toBeGreaterThan(1000);
    expect((after.get(key) ?? 0) - (before.get(key) ?? 0)).toBeGreaterThan(sent);
    const put = { method: 'PUT', route: routes.update.path, status: '2xx' };
    const labels = Object.entries(put).map(([name, value]) => `${name}="${value}"`);
    expect(after.get(`strata_http_request_seconds_count{${labels.join()}}`)).toBe(6);
    const disk = await statfs(server.dataDir);
    expect((after.get('strata_disk_free_bytes') ?? 0) / (disk.bavail * disk.bsize)).toBeCloseTo(1, 1);
  }, 60_000);

  it('count an abandoned round as one', async () => {
    const crew = await startCrew(server, Array(3).fill({ train: silent }), {
      rounds: 1,
      deadlines: { probing: 1, training: 1, evaluating: 1 },
    });
    await server.until(crew.id, (v) => v.rounds.some((r) => r.phase === 'abandoned'), 'an abandoned round');
    await server.command(crew.id, 'stop');
    expect((await scrape()).get('strata_rounds_total{outcome="abandoned"}')).toBeGreaterThanOrEqual(1);
  }, 60_000);

  it('are all that the dashboard asks for, and have no label of a run or a person', async () => {
    const file = new URL('../../../../deploy/grafana/strata.json', import.meta.url);
    const asked = new Set((await readFile(file, 'utf8')).match(/\b(strata|nodejs|process)_\w+(?=\{)/g));
    const samples = [...(await scrape()).keys()];
    const there = new Set(samples.map((name) => name.replace(/\{.*/, '')));
    expect(asked.size).toBeGreaterThan(12);
    expect([...asked].filter((name) => !there.has(name))).toEqual([]);
    const labels = new Set(
      samples.flatMap((name) => [...name.matchAll(/(\w+)="/g)].map(([, label]) => label)),
    );
    for (const label of ['run', 'client', 'round', 'name']) expect(labels).not.toContain(label);
  });
});
