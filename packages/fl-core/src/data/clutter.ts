/**
 * What operating systems, notebooks, version control, network storage and recycle bins leave in folders. Nobody means
 * it as data, and much of it looks like data: thumbnails, old copies, what was thrown away.
 */

/** Hidden on Unix, or a folder of one of: macOS and archives of it, Windows, Android, Synology, QNAP, NetApp, ext4, Python. */
const folder =
  /^(\..+|__MACOSX|Network Trash Folder|Temporary Items|\$RECYCLE\.BIN|RECYCLE[DR]|System Volume Information|found\.\d{3}|LOST\.DIR|@eaDir|@__thumb|@tmp|@sharebin|#recycle|#snapshot|@Recycle|@Recently-Snapshot|~snapshot|lost\+found|__pycache__)$/i;

const file = /^(\..*|~\$.*|(eh)?thumbs(_vista)?\.db(:.*)?|desktop\.ini|Icon\r)$/i;

interface Placed {
  /** With its folders, separated by `/`. */
  readonly path: string;
}

/**
 * The files without clutter. A folder that all of them are in is what the person chose, whatever its name; and one
 * that is exactly named like a label of the run is meant.
 */
export function withoutClutter<F extends Placed>(files: readonly F[], labels: readonly string[] = []): F[] {
  const meant = new Set(labels);
  const [first] = files;
  const root = first?.path.includes('/') ? first.path.slice(0, first.path.indexOf('/') + 1) : '';
  const chosen = files.every(({ path }) => path.startsWith(root)) ? root.length : 0;
  return files.filter(({ path }) => {
    const steps = path.slice(chosen).split('/');
    const name = steps.pop() ?? '';
    return !file.test(name) && !steps.some((step) => folder.test(step) && !meant.has(step));
  });
}
