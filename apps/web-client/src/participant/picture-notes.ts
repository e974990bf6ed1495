import type { DataSummary } from '../client/index.ts';
import { plural } from '../shared/texts/format.ts';

/** What a person may want to know of pictures that are used, a sentence each. */
export function pictureNotes({
  enlarged,
  heldOutFolders,
  labelTables,
}: NonNullable<DataSummary['pictures']>): string[] {
  const sentences: string[] = [];
  if (labelTables.length > 0) sentences.push(`${quoted(labelTables)} says which label a picture has.`);
  if (heldOutFolders.length > 0) {
    sentences.push(
      `Pictures in ${quoted(heldOutFolders)} are the ones set aside: nothing is learned from them.`,
    );
  }
  if (enlarged !== null) {
    const { count, shortest, side } = enlarged;
    const smaller = count === 1 ? 'is smaller' : 'are smaller';
    sentences.push(
      `${plural(count, 'picture')} ${smaller} than the ${side} pixels that the model looks at (${shortest} at the least) and ${count === 1 ? 'was' : 'were'} enlarged, which adds no detail.`,
    );
  }
  return sentences;
}

const quoted = (names: readonly string[]): string => names.map((name) => `“${name}”`).join(' and ');
