// @module-tag long
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AggregationConfig, RunConfig } from '@strata/fl-core/protocol';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import { expect, test } from 'vitest';
import { openEmbeddedPostgres } from './embedded/postgres.ts';
import { migrate } from './migrate.ts';
import { temporaryDataDir, temporaryFolder } from './testing.ts';

const migrations = fileURLToPath(new URL('./migrations', import.meta.url));

/** A copy of the migrations that ends with number `count`, as an older version of the server had them. */
async function olderMigrations(count: number): Promise<string> {
  const folder = await temporaryFolder();
  await cp(migrations, folder, { recursive: true });
  const path = join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }));
  return folder;
}

test('runs stored before budgets had kinds, runs had tasks and epochs were called so load, and do what they did', async () => {
  const dataDir = await temporaryDataDir();
  const older = await olderMigrations(1);
  const { pool, close } = await openEmbeddedPostgres(join(dataDir, 'postgres'));
  try {
    await runMigrations(drizzle(pool), { migrationsFolder: older });
    const optimizer = { name: 'adamw', learningRate: 0.01, weightDecay: 0 };
    const old = {
      name: 'old',
      description: '',
      model: 'vit-nano',
      side: 32,
      data: { kind: 'image', sample: null },
      labels: ['a', 'b'],
      strategy: { name: 'strata', lambda: 2, lambdaScale: 'relative' },
      budget: { unit: 'layers', amount: 3 },
      rounds: 5,
      cohort: { goal: 3, minimum: 1, quorum: 0.5 },
      deadlines: { probing: 300, training: 900, evaluating: 300 },
      local: { passes: 2, batchSize: 16, maxBatches: 0, probeBatches: 2, optimizer, holdOut: 0.2 },
      seed: 1,
    };
    const found = { config: { model_type: 'vit' }, preprocessor: null, licence: null };
    const imported = { ...old, model: { source: 'folder:vit', granularity: 'block', found } };
    const insert = `INSERT INTO runs (id, config, assets, state) VALUES ($1, $2, '{}', 'running')`;
    await pool.query(insert, ['old', JSON.stringify(old)]);
    await pool.query(insert, ['imported', JSON.stringify(imported)]);
    await migrate(pool);
    const query = 'SELECT config, join_key FROM runs ORDER BY id DESC';
    const { rows } = await pool.query<{ config: unknown; join_key: string }>(query);
    const { passes, ...local } = old.local;
    const expected = {
      ...old,
      // what was the only thing that strata measured
      strategy: { ...old.strategy, score: 'squared-norm' },
      task: { name: 'classification' },
      initial: 'pretrained',
      // no participant was promised a least number, and cohorts go on to be drawn by the seed that everybody knows
      purpose: { kind: 'test', sampling: 1 },
      cohort: {
        ...old.cohort,
        grace: { share: 0.5, seconds: 5 },
        eligible: { backends: ['webgpu', 'wasm', 'cpu'], samples: 1 },
        timing: { kind: 'rounds' },
      },
      // Links of before carry no secret.
      visibility: 'listed',
      approval: false,
      budget: { kind: 'fixed', unit: 'layers', amount: 3 },
      selection: { every: 1, smoothing: 1, scores: 'raw' },
      aggregation: {
        rule: { name: 'mean' },
        optimizer: { name: 'fedavg', learningRate: 1 },
        participation: 'none',
        weightCap: null,
        sealing: { kind: 'open' },
      },
      privacy: { kind: 'none' },
      stopping: { patience: null, target: null },
      retention: { last: 3, best: 0, every: null, participants: null, run: null },
      local: {
        ...local,
        epochs: passes,
        schedule: { name: 'constant', warmUp: 0 },
        head: { rate: 1, warmUp: { kind: 'trained', rounds: 0, epochs: 5 } },
        proximal: 0,
        clipNorm: null,
        timeBox: null,
      },
    };
    const model = { ...imported.model, found: { kind: 'transformers', ...found } };
    expect(rows.map(({ config }) => config)).toEqual([expected, { ...expected, model }]);
    for (const { config } of rows) expect(RunConfig.parse(config)).toEqual(config);
    const drawn = await pool.query<{ sampling: string }>('SELECT sampling FROM runs');
    expect(drawn.rows).toEqual([{ sampling: '1' }, { sampling: '1' }]);
    const keys = rows.map(({ join_key }) => join_key);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(keys).size).toBe(2);
  } finally {
    await close();
    await rm(dataDir, { recursive: true });
    await rm(older, { recursive: true });
  }
}, 120_000);

test('runs stored before claims were bounded go on as they were; what was held out is known of every member', async () => {
  const dataDir = await temporaryDataDir();
  const older = await olderMigrations(4);
  const { pool, close } = await openEmbeddedPostgres(join(dataDir, 'postgres'));
  try {
    await runMigrations(drizzle(pool), { migrationsFolder: older });
    const config = (rule: object) => ({
      seed: 1,
      selection: { every: 2, smoothing: 0.5 },
      aggregation: { rule, optimizer: { name: 'fedavg', learningRate: 1 } },
    });
    const rules = {
      median: { name: 'median' },
      norm: { name: 'norm-clipping', norm: 1 },
      trimmed: { name: 'trimmed-mean', share: 0.2 },
    };
    for (const [id, rule] of Object.entries(rules)) {
      const insert = `INSERT INTO runs (id, config, assets, state) VALUES ($1, $2, '{}', 'running')`;
      await pool.query(insert, [id, JSON.stringify(config(rule))]);
    }
    await pool.query(
      `INSERT INTO clients (run, id, secret_hash, hello) VALUES ('norm', 'b', '', '{"heldOut": 7}'), ('norm', 'c', '', NULL)`,
    );
    await pool.query(
      `INSERT INTO members (run, round, client, samples, budget, evaluation) VALUES
        ('norm', 1, 'a', 5, '2', '{"loss": 1, "accuracy": 1, "samples": 4}'),
        ('norm', 1, 'b', 5, '2', NULL), ('norm', 1, 'c', 5, '2', NULL)`,
    );
    await migrate(pool);
    const runs = await pool.query<{ config: RunConfig }>('SELECT config FROM runs ORDER BY id');
    const found = runs.rows.map((r) => r.config);
    expect(found.map((c) => c.aggregation.rule)).toEqual([
      { ...rules.median, byzantine: 0 },
      rules.norm,
      { ...rules.trimmed, byzantine: 0 },
    ]);
    for (const { aggregation, selection } of found) {
      expect(selection).toEqual({ every: 2, smoothing: 0.5, scores: 'raw' });
      expect(aggregation.weightCap).toBeNull();
      expect(aggregation.sealing).toEqual({ kind: 'open' });
      expect(AggregationConfig.parse(aggregation)).toEqual(aggregation);
    }
    const members = await pool.query(
      'SELECT client, samples, claimed, held_out FROM members ORDER BY client',
    );
    expect(members.rows).toEqual([
      { client: 'a', samples: 5, claimed: null, held_out: 4 },
      { client: 'b', samples: 5, claimed: null, held_out: 7 },
      { client: 'c', samples: 5, claimed: null, held_out: 0 },
    ]);
  } finally {
    await close();
    await rm(dataDir, { recursive: true });
    await rm(older, { recursive: true });
  }
}, 120_000);

test('runs stored before held-out figures could be withheld tell them as they did', async () => {
  const dataDir = await temporaryDataDir();
  const older = await olderMigrations(24);
  const { pool, close } = await openEmbeddedPostgres(join(dataDir, 'postgres'));
  try {
    await runMigrations(drizzle(pool), { migrationsFolder: older });
    const client = {
      kind: 'client',
      epsilon: 8,
      delta: 0.01,
      clip: 1,
      quantile: null,
      noise: 2,
      sampling: null,
    };
    const stored = { client, sample: { ...client, kind: 'sample' }, none: { kind: 'none' } };
    for (const [id, privacy] of Object.entries(stored)) {
      await pool.query(
        `INSERT INTO runs (id, config, assets, state, sampling, join_key) VALUES ($1, $2, '{}', 'running', 's', $1)`,
        [id, JSON.stringify({ privacy })],
      );
    }
    await pool.query(
      `INSERT INTO rounds (run, round, phase, base_round, opened_at, began, summary) VALUES
        ('none', 1, 'committed', 0, now(), '{}', '{"accuracy": 0.5}'), ('none', 2, 'committed', 1, now(), '{}', NULL)`,
    );
    await migrate(pool);
    const { rows } = await pool.query<{ id: string; privacy: unknown }>(
      `SELECT id, config -> 'privacy' AS privacy FROM runs`,
    );
    expect(Object.fromEntries(rows.map(({ id, privacy }) => [id, privacy]))).toEqual({
      ...stored,
      client: { ...client, figures: { kind: 'reported' } },
    });
    const erased = await pool.query('SELECT summary FROM rounds ORDER BY round');
    expect(erased.rows).toEqual([
      { summary: { accuracy: 0.5, accuracyNoise: null, stale: null } },
      { summary: null },
    ]);
  } finally {
    await close();
    await rm(dataDir, { recursive: true });
    await rm(older, { recursive: true });
  }
}, 120_000);
