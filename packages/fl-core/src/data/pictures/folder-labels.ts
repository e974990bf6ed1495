import { type LabelMapping, matchLabels, suggestLabel } from '../labels.ts';

/** What the folders of a picture say of it. */
export type FolderLabel =
  | { readonly kind: 'label'; readonly label: number }
  | { readonly kind: 'left-out' }
  /** Nobody knows what the folder means; it may be `within` one that is named like a label. */
  | { readonly kind: 'unknown'; readonly name: string; readonly within?: string };

/** Folders in which makers of data keep what is to be trained on, and what is not. */
const trainingFolder = /^train(ing)?([ _-]?(set|data|images))?$/i;
const heldOutFolder =
  /^(val|valid|validation|eval|dev|test|testing|hold[ _-]?out)([ _-]?(set|data|images))?$/i;

/**
 * The label of a picture is the nearest folder above it that is named like one of the run's labels, else what `mapping`
 * says that its own folder means, or the nearest one that resembles a label.
 *
 * A folder named like a label may hold folders that are labels by other names: `cat.zip` with `cats/` and `dogs/` in
 * it. Those are asked about.
 *
 * @param paths of all pictures.
 */
export function folderLabels(
  paths: readonly string[],
  labels: readonly string[],
  mapping: LabelMapping = new Map(),
): (path: string) => FolderLabel {
  const match = matchLabels(labels);
  const suggest = new Map<string, string | null>();
  const suggestion = (name: string): string | null => {
    const known = suggest.get(name);
    if (known !== undefined) return known;
    const found = suggestLabel(name, labels);
    suggest.set(name, found);
    return found;
  };
  const place = (path: string): Place => placed(path, match);
  /** The folder that tells most: the nearest that was said to mean something, that resembles a label, or that there is. */
  const telling = (inner: readonly string[]): string => {
    const nearest = [...inner].reverse();
    return (
      nearest.find((name) => mapping.has(name)) ??
      nearest.find((name) => suggestion(name) !== null) ??
      nearest[0] ??
      ''
    );
  };
  const swallowing = swallowingFolders(paths.map(place), labels, suggestion);
  return (path) => {
    const { label, outer, inner } = place(path);
    if (label !== undefined && (inner.length === 0 || !swallowing.has(outer)))
      return { kind: 'label', label };
    const name = telling(inner);
    const meant = mapping.get(name);
    if (meant === null) return { kind: 'left-out' };
    const known = meant === undefined ? undefined : match(meant);
    if (known !== undefined) return { kind: 'label', label: known };
    return { kind: 'unknown', name, ...(label === undefined ? {} : { within: labels[label]! }) };
  };
}

/** A path by the nearest folder in it that is named like a label. */
interface Place {
  readonly label: number | undefined;
  /** That folder with those above it. */
  readonly outer: string;
  /** Folders below it, from the outermost; all where no folder is a label. Parts of a split are passed over. */
  readonly inner: readonly string[];
}

function placed(path: string, match: (name: string) => number | undefined): Place {
  const folders = path.split('/').slice(0, -1);
  const at = folders.findLastIndex((name) => match(name) !== undefined);
  const below = folders.slice(at + 1);
  const plain = below.filter((name) => !trainingFolder.test(name) && !heldOutFolder.test(name));
  return {
    label: at < 0 ? undefined : match(folders[at]!),
    outer: folders.slice(0, at + 1).join('/'),
    // Pictures that lie in a part of a split alone have no other folder to ask about.
    inner: at < 0 && plain.length === 0 ? below : plain,
  };
}

/** A number, a date: nobody calls a kind of thing so. */
const counted = /^[\d\s._-]+$/;

/**
 * Folders named like a label whose inner folders are rather the labels: one of them resembles another label, or the
 * whole data are in it, nothing but two or more folders that resemble none.
 */
function swallowingFolders(
  places: readonly Place[],
  labels: readonly string[],
  suggestion: (name: string) => string | null,
): ReadonlySet<string> {
  const groups = new Map<string, { label: string; inner: Set<string>; direct: boolean }>();
  let everything = true;
  for (const { label, outer, inner } of places) {
    if (label === undefined) {
      everything = false;
      continue;
    }
    const group = groups.get(outer) ?? { label: labels[label]!, inner: new Set(), direct: false };
    groups.set(outer, group);
    if (inner.length === 0) group.direct = true;
    for (const name of inner) group.inner.add(name);
  }
  const alone = everything && groups.size === 1 && labels.length > 1;
  const swallows = ({ label, inner, direct }: { label: string; inner: Set<string>; direct: boolean }) => {
    const names = [...inner];
    const resembled = names.map(suggestion).filter((name) => name !== null);
    if (resembled.some((name) => name !== label)) return true;
    const uncounted = names.filter((name) => !counted.test(name));
    return alone && !direct && resembled.length === 0 && uncounted.length > 1;
  };
  return new Set([...groups].filter(([, group]) => swallows(group)).map(([outer]) => outer));
}

/** Folders that keep pictures aside for testing, and which pictures those are. */
export interface FolderSplit {
  /** Names of the folders, each once. */
  readonly folders: readonly string[];
  readonly heldOut: (path: string) => boolean;
}

/**
 * Where one folder holds both what is to be trained on and what is not (`train/`, `val/`, `test/`), pictures in the
 * latter are held out. Folders that are named like a label of the run are labels.
 */
export function folderSplit(paths: readonly string[], labels: readonly string[]): FolderSplit {
  const match = matchLabels(labels);
  const within = (path: string, part: RegExp): string[] => {
    const folders = path.split('/').slice(0, -1);
    return folders.flatMap((name, i) =>
      part.test(name) && match(name) === undefined ? [folders.slice(0, i + 1).join('/')] : [],
    );
  };
  const parent = (folder: string): string => folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
  const training = new Set(paths.flatMap((path) => within(path, trainingFolder)).map(parent));
  const besideTraining = (path: string) =>
    within(path, heldOutFolder).filter((folder) => training.has(parent(folder)));
  const names = paths.flatMap(besideTraining).map((folder) => folder.slice(folder.lastIndexOf('/') + 1));
  return { folders: [...new Set(names)], heldOut: (path) => besideTraining(path).length > 0 };
}
