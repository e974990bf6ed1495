import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** Fails in its fifth line. */
const failing = `interface Nothing {
  readonly said: string;
}
export function fail({ said }: Nothing): never {
  throw new TypeError(said);
}
`;

it('traces of the bundled server say lines of its TypeScript', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'strata-traces-'));
  try {
    await writeFile(join(folder, 'failing.ts'), failing);
    await writeFile(
      join(folder, 'first.ts'),
      `import { fail } from './failing.ts';\nexport const start = () => fail({ said: 'on purpose' });\n`,
    );
    const { outputFiles } = await build({
      entryPoints: [join(folder, 'first.ts')],
      outfile: join(folder, 'bundle.mjs'),
      bundle: true,
      format: 'esm',
      sourcemap: 'external',
      write: false,
    });
    const [map, code] = outputFiles[0]?.path.endsWith('.map') ? outputFiles : [...outputFiles].reverse();
    await writeFile(join(folder, 'bundle.mjs'), code?.contents ?? '');
    const address = pathToFileURL(join(folder, 'bundle.mjs')).href;
    const traces = new URL('../traces.mjs', import.meta.url).href;
    const program = join(folder, 'program.mjs');
    await writeFile(
      program,
      `const { traceBack } = await import(${JSON.stringify(traces)});
traceBack(${JSON.stringify(address)}, ${JSON.stringify(map?.text ?? '')});
const { start } = await import(${JSON.stringify(address)});
start();
`,
    );
    const failure = await promisify(execFile)(process.execPath, [program]).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failure).toContain('TypeError: on purpose');
    expect(failure).toMatch(/at fail \(.*\/failing\.ts:5:9\)/);
    expect(failure).toMatch(/at start \(.*\/first\.ts:2:/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
