import { dirname } from 'node:path';
import { folderSplit, withoutClutter } from '@strata/fl-core/data';
import { filesAt } from '../files.ts';

export interface OwnPicture {
  /** From the folder that was given, separated by `/`. */
  readonly path: string;
  readonly label: string;
  /** Folders that it lies in, those of a split among them: a part of the data keeps them. */
  readonly folder: string;
}

/**
 * Pictures by the outermost folder that they are in; the folders of a split (`train`, `val`, `test`) are none, and what
 * systems leave in folders is passed over. Pictures in no folder have no label, and are left out.
 */
export async function ownPictures(root: string): Promise<readonly OwnPicture[]> {
  const paths = withoutClutter(await filesAt(root)).map(({ path }) => path);
  const split = folderSplit(paths, []);
  const isPart = (name: string) =>
    split.folders.length > 0 && (/^train/i.test(name) || split.folders.includes(name));
  return paths.flatMap((path) => {
    const label = path
      .split('/')
      .slice(0, -1)
      .find((name) => !isPart(name));
    return label === undefined ? [] : [{ path, label, folder: dirname(path) }];
  });
}
