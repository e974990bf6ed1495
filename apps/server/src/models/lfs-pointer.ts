import { StrataError } from '@strata/fl-core/protocol';
import { readBytes } from './file-bytes.ts';

/** How a file begins that git-lfs was to replace: a clone without git-lfs has it in the place of every large file. */
const beginning = 'version https://git-lfs.github.com/spec/';

/** Throws `bad-model` for a file of a model that is only git-lfs's note of where it is. */
export async function refusePointer(path: string): Promise<void> {
  const first = new TextDecoder('latin1').decode(await readBytes(path, 0, beginning.length));
  if (first !== beginning) return;
  throw new StrataError(
    'bad-model',
    `${path} is a git-lfs pointer: the file itself was not fetched.`,
    'Run git lfs install and git lfs pull in the folder that was cloned, or download the file itself.',
  );
}
