import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { StrataError } from '@strata/fl-core/protocol';
import type { Row } from './benchmark.ts';

/**
 * Programs that measure in a process of their own: the task is their argument, results are lines of JSON.
 * In the checkout they are these files; in the pack, which has all of them bundled, `NAME.js` beside this module.
 */
export const children = {
  'engine-child': './engines/child.ts',
  'card-child': './gpu/card-child.ts',
  'tiles-child': './gpu/tiles/tiles-child.ts',
  'crowd-child': './orchestrator/crowd-child.ts',
  'limit-child': './orchestrator/limit-child.ts',
} as const;
export type ChildName = keyof typeof children;

export interface ChildOptions {
  /** After this the child is ended, in milliseconds. */
  readonly timeoutMs?: number;
  /** Variables of the environment beside this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Rows of one child, as they come. Throws `internal` with the child's own words when it fails. */
export async function* rowsOfChild<R extends object = Row>(
  name: ChildName,
  task: unknown,
  { timeoutMs, env = {} }: ChildOptions = {},
): AsyncGenerator<R, void, void> {
  const child = spawn(process.execPath, [...programOf(name), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: 'SIGKILL' }),
  });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += String(text);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  // Awaited below; until then a child that could not be started must not end this process.
  ended.catch(() => {});
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('{')) yield JSON.parse(line);
    }
  } finally {
    child.kill();
  }
  const code = await ended;
  if (code === 0) return;
  const late = child.signalCode === 'SIGKILL' && timeoutMs !== undefined;
  throw new StrataError(
    'internal',
    late ? `It took longer than ${timeoutMs / 1000} seconds.` : reasonOf(errors),
    `Run ${name} alone to see all that it says.`,
  );
}

function programOf(name: ChildName): string[] {
  const checkout = import.meta.url.endsWith('.ts');
  const file = fileURLToPath(new URL(checkout ? children[name] : `./${name}.js`, import.meta.url));
  return checkout ? ['--import', 'tsx', file] : [file];
}

/** The error's line, or the last one. */
const reasonOf = (errors: string): string =>
  errors.match(/^\w*Error: .*$/m)?.[0] ?? (errors.trim().split('\n').at(-1) || 'It ended early.');
