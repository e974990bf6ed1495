import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeptSpending, type SpentSteps, withSteps } from '@strata/client/work';
import { z } from 'zod';

const Kept = z.array(
  z.strictObject({
    client: z.string(),
    data: z.string(),
    sampling: z.number().gt(0).max(1),
    noise: z.number().positive(),
    steps: z.number().int().min(0),
  }),
);

/**
 * What this device has spent of what runs promise of each sample: a file a run, of numbers and hashes. A file that cannot
 * be read ends the client, since it would spend again what it does not know of. One process at a time.
 */
export class SpendingInFolder implements KeptSpending {
  readonly #folder: string;
  /** Changes are made one after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = join(folder, 'spent-privacy');
  }

  async of(run: string): Promise<readonly SpentSteps[]> {
    const text = await readFile(this.#path(run), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '[]';
      throw error;
    });
    return Kept.parse(JSON.parse(text));
  }

  add(run: string, spent: SpentSteps): Promise<boolean> {
    const added = this.#last.then(async () => {
      const all = withSteps(await this.of(run), spent);
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const path = this.#path(run);
      // There as a whole or as it was.
      await writeFile(`${path}.new`, JSON.stringify(all), { mode: 0o600 });
      await rename(`${path}.new`, path);
      return true;
    });
    this.#last = added.catch(() => undefined);
    return added;
  }

  #path(run: string): string {
    return join(this.#folder, `${run.replace(/[^a-z0-9-]/gi, '_')}.json`);
  }
}
