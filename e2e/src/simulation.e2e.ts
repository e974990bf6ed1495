import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from './test.ts';

/** The simulator beside what it stands for: a real server with real tabs. */

const root = fileURLToPath(new URL('../../', import.meta.url));
const programs = join(root, 'experiments', 'src');

/** What a program of the experiments prints on its standard output. */
async function printed(file: string, ...args: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join(programs, file), ...args, '--json'],
    { cwd: root, maxBuffer: 2 ** 26 },
  );
  return JSON.parse(stdout);
}

interface DemoRound {
  readonly masks: unknown;
  readonly scores: unknown;
  readonly loss: number;
  readonly accuracy: number;
}
interface Demo {
  readonly rounds: readonly DemoRound[];
  readonly checkpoint: { readonly layers: unknown };
}
interface Row {
  readonly masks: unknown;
  readonly scores: unknown;
  readonly hashes: unknown;
  readonly summary: { readonly loss: number; readonly accuracy: number };
}

test('four clients and three rounds are those of a server with four tabs, to the byte', {
  tag: '@long',
}, async () => {
  const out = await mkdtemp(join(tmpdir(), 'strata-simulation-'));
  try {
    const demo = (await printed(
      'demo/main.ts',
      ...'--model vit-nano --sample fashion-mnist --rounds 3 --max-batches 4 --backend wasm'.split(' '),
    )) as Demo;
    await printed('main.ts', 'simulate', join(root, 'experiments/configs/demo.yaml'), '--out', out);
    const lines = (await readFile(join(out, 'cells', '1.jsonl'), 'utf8')).trim().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as { row?: Row }).flatMap(({ row }) => row ?? []);
    expect(rows).toHaveLength(3);
    expect(rows.map(({ scores }) => scores !== undefined)).toEqual([false, true, false]);
    for (const [i, { masks, scores, loss, accuracy }] of demo.rounds.entries()) {
      const row = rows[i]!;
      expect(row.masks).toEqual(masks);
      // The first round trains the head alone, the third keeps what the second chose: a row leaves out what there is none of.
      expect(row.scores ?? {}).toEqual(scores);
      expect(row.summary).toMatchObject({ loss, accuracy });
    }
    expect(rows.at(-1)!.hashes).toEqual(demo.checkpoint.layers);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
});

test('smoke: one and two threads leave the same bytes, and so does a run that was killed and gone on with', {
  tag: '@long',
}, async () => {
  const { equal, cells } = (await printed('main.ts', 'smoke')) as { equal: object; cells: number };
  expect(cells).toBe(6);
  expect(equal).toEqual({ oneAndTwoThreads: true, killedAndUnbroken: true });
});
