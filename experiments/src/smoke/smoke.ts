import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Experiment } from '../experiment.ts';

/**
 * The simulator on a small sweep, three times: with one thread, with two, and killed in the middle and gone on with.
 * Throws unless all three leave the same bytes.
 */
export const smoke: Experiment = { usage: '', run };

const program = fileURLToPath(new URL('../main.ts', import.meta.url));
const config = fileURLToPath(new URL('../../configs/smoke.yaml', import.meta.url));
/** Rounds after which the process is killed: in the middle of a cell. */
const killedAfter = 10;

async function run(_: readonly string[], log: (line: string) => void) {
  const folder = await mkdtemp(join(tmpdir(), 'strata-smoke-'));
  const began = performance.now();
  try {
    const of = (name: string) => join(folder, name);
    const one = await simulated(of('one'), 1, log);
    await simulated(of('two'), 2, log);
    await simulated(of('killed'), 2, log, killedAfter);
    await simulated(of('killed'), 1, log);
    const cells = await contents(of('one'));
    const equal = {
      oneAndTwoThreads: same(cells, await contents(of('two'))),
      killedAndUnbroken: same(cells, await contents(of('killed'))),
    };
    if (!equal.oneAndTwoThreads || !equal.killedAndUnbroken) {
      throw new Error(`The bytes differ: ${JSON.stringify(equal)}.`);
    }
    return {
      experiment: 'smoke',
      ...{ cells: cells.size, equal, seconds: Math.round((performance.now() - began) / 1000) },
      result: JSON.parse(one) as unknown,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the program prints; nothing when it is killed after some rounds. */
async function simulated(
  out: string,
  workers: number,
  log: (line: string) => void,
  rounds = Number.POSITIVE_INFINITY,
): Promise<string> {
  const args = ['simulate', config, '--out', out, '--workers', String(workers), '--json'];
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (text) => {
    printed += String(text);
  });
  const closed = once(child, 'close');
  let told = 0;
  for await (const line of createInterface({ input: child.stderr })) {
    log(line);
    if (/: round /.test(line) && ++told === rounds) child.kill('SIGKILL');
  }
  const [code] = await closed;
  if (code !== 0 && rounds === Number.POSITIVE_INFINITY) throw new Error(`The simulator ended with ${code}.`);
  return printed;
}

async function contents(out: string): Promise<ReadonlyMap<string, string>> {
  const folder = join(out, 'cells');
  const names = (await readdir(folder)).sort();
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const),
  );
  return new Map(files);
}

const same = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([name, text]) => b.get(name) === text);
