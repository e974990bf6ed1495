import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync } from 'node:fs';
import { StrataError } from '@strata/fl-core/protocol';

/** Copies a program or library to `copy` without what only debuggers need; with it where `strip` is missing. */
export function stripped(file: string, copy: string): string {
  const done = spawnSync('strip', ['-o', copy, file], { stdio: 'ignore' });
  if (done.status !== 0) copyFileSync(file, copy);
  return copy;
}

const lzma = [
  'import lzma, shutil, sys',
  'with lzma.open(sys.stdout.buffer, "wb", preset=int(sys.argv[2]) | (lzma.PRESET_EXTREME if sys.argv[2] == "9" else 0)) as out:',
  '  shutil.copyfileobj(open(sys.argv[1], "rb"), out)',
].join('\n');

/** Compresses `file` as .xz with what this machine has for it. */
export function compress(file: string, target: string, level: number): void {
  const extreme = level === 9 ? 'e' : '';
  const ways: [string, string[]][] = [
    ['xz', ['-T0', `-${level}${extreme}`, '-c', file]],
    ['python3', ['-c', lzma, file, String(level)]],
  ];
  for (const [program, options] of ways) {
    const output = openSync(target, 'w');
    const done = spawnSync(program, options, { stdio: ['ignore', output, 'ignore'] });
    closeSync(output);
    if (done.status === 0) return;
  }
  throw new StrataError(
    'unavailable',
    'Neither xz nor a Python with lzma could compress the pack.',
    'Install xz: apt-get install xz-utils',
  );
}
