import { resolve } from 'node:path';
import type { BenchContext, Benchmark, Row } from '../benchmark.ts';

type Options = Readonly<{ pack: string; small: boolean; seconds: number }>;

/**
 * Our kernels on this machine's graphics card. With `pack` it measures nothing, but writes a folder that does on a
 * Linux machine without Node, browser and network: `run.sh` in it, which takes `--small` too.
 */
export const gpu: Benchmark<Options> = {
  title: 'WebGPU kernels on the graphics card, or a pack that measures them elsewhere.',
  options: { pack: '', small: false, seconds: 230 },
  run,
};

async function* run({ options: { pack, small, seconds }, log }: BenchContext<Options>): AsyncIterable<Row> {
  // Neither needs what the other loads.
  if (pack !== '') {
    // Of the folder that npm was called in, as people mean it.
    const { writePack } = await import('./pack/write-pack.ts');
    for (const { part, bytes } of await writePack(resolve(process.env.INIT_CWD ?? '.', pack), { log }))
      yield { part, bytes };
  } else {
    const { measure } = await import('./measure.ts');
    const python = process.env.STRATA_PYTHON ?? null;
    yield* measure({ size: small ? 'small' : 'card', python, seconds, log });
  }
}
