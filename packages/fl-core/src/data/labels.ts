/**
 * How the labels in people's files are matched to a run's: exactly, else without regard to case, surrounding
 * and repeated blanks, and to `_` and `-` in place of blanks (folders are named so). Two labels of the run
 * that differ in nothing else are matched exactly only.
 */
export function matchLabels(labels: readonly string[]): (text: string) => number | undefined {
  const exact = new Map(labels.map((label, i) => [label, i]));
  const loose = new Map<string, number | undefined>();
  labels.forEach((label, i) => {
    const key = simplify(label);
    loose.set(key, loose.has(key) ? undefined : i);
  });
  return (text) => exact.get(text) ?? loose.get(simplify(text));
}

const simplify = (label: string): string =>
  label
    .normalize('NFKC')
    .replace(/[\s_-]+/gu, ' ')
    .trim()
    .toLowerCase();

/** Labels for a message: the first few, and how many more there are. */
export function listLabels(labels: readonly string[]): string {
  const shown = labels
    .slice(0, 12)
    .map((label) => `"${label}"`)
    .join(', ');
  return labels.length > 12 ? `${shown} and ${labels.length - 12} more` : shown;
}
