import { unpackArchives } from '@strata/fl-core/data';
import { UsageError } from '../experiment.ts';
import { filesAt } from '../files.ts';

/** Weights alone may be larger than what people bring. */
const modelLimits = { archiveBytes: 4 * 2 ** 30, unpackedBytes: 8 * 2 ** 30 };

/** The files of an export by their names. Throws {@link UsageError}. */
export async function exportedFiles(path: string): Promise<(name: string) => Promise<Uint8Array | null>> {
  const { files, problems } = await unpackArchives(await filesAt(path), modelLimits);
  const [problem] = problems;
  if (problem !== undefined) throw new UsageError(`${path} ${problem.reason}.`);
  const byName = new Map(files.map((file) => [file.path.slice(file.path.lastIndexOf('/') + 1), file]));
  return async (name) => (await byName.get(name)?.read()) ?? null;
}
