/** What the person says that names in their files mean: one of the run's labels, or null to leave them out. */
export type LabelMapping = ReadonlyMap<string, string | null>;

/** The class a name stands for; undefined for a name that nobody knows. */
export type Meaning = number | 'left-out' | undefined;

/**
 * How the labels in people's files are matched to a run's: exactly, else without regard to case, surrounding
 * and repeated blanks, to `_` and `-` in place of blanks (folders are named so), and to how a number is written
 * (`1.0` is `1`, as spreadsheets and pandas have it). Signs count: `-1` is never `1`, `A-` never `A`. Two labels of
 * the run that differ in nothing else are matched exactly only.
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

/** As {@link matchLabels}; what it does not know is looked up in `mapping`. */
export function readLabels(labels: readonly string[], mapping?: LabelMapping): (text: string) => Meaning {
  const match = matchLabels(labels);
  return (text) => {
    const label = match(text) ?? mapping?.get(text);
    return typeof label === 'string' ? match(label) : label === null ? 'left-out' : label;
  };
}

/** Equal for names that mean the same, see {@link matchLabels}. */
export function simplify(label: string): string {
  const text = label
    .normalize('NFKC')
    .replace(/[\u200b\u2060\ufeff]/gu, '') // nobody sees these
    .replace(/[\u2010-\u2013\u2212]/gu, '-')
    .replace(/\s+/gu, ' ')
    .trim();
  const number = numberOf(text);
  if (number !== null) return String(number);
  return text
    .replace(/(?<=[\p{L}\p{N}])[\s_-]+(?=[\p{L}\p{N}])/gu, blank)
    .replace(/^[\s_]+|[\s_]+$/gu, '')
    .toLowerCase();
}

/** What parts two words: a minus sign before a number is none, as in `class -1`. */
function blank(between: string, at: number, whole: string): string {
  const sign = /\s-$/u.test(between) && /\d/u.test(whole[at + between.length] ?? '');
  return sign ? ' -' : ' ';
}

/** The number that a name is, `1` for `+1`, `1.0`, `01` and `1,0`; null for anything else. */
function numberOf(text: string): number | null {
  return /^[+-]?\d{1,15}([.]\d+|,\d{1,2})?$/.test(text) ? Number(text.replace(',', '.')) + 0 : null;
}

/** Below this many letters, one word beginning with another says nothing. */
const tellingLetters = 3;

/**
 * The one label that `name` most likely means, or null: the same letters but for accents and punctuation, then one
 * beginning with the other ("cats" and "cat", "owl photos" and "owl"). Numbers and signs at either end are never
 * passed over: `1.0` is not nearly `10`, `A-` not nearly `A`. Two candidates are none.
 */
export function suggestLabel(name: string, labels: readonly string[]): string | null {
  const key = letters(name);
  const only = (like: (label: string) => boolean): string | null => {
    const found = labels.filter((label) => like(letters(label)));
    return found.length === 1 ? found[0]! : null;
  };
  if (key === '' || numberOf(name.trim()) !== null) return null;
  return (
    only((label) => label === key) ??
    only(
      (label) =>
        Math.min(label.length, key.length) >= tellingLetters &&
        (label.startsWith(key) || key.startsWith(label)) &&
        precise(label) === precise(key),
    )
  );
}

/** Small letters, digits, and signs at either end. */
const letters = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .trim()
    .replace(/(?<=[\p{L}\p{N}].*)[^\p{L}\p{N}](?=.*[\p{L}\p{N}])|[^\p{L}\p{N}+#-]/gu, '');

/** What tells names apart that begin alike: `class 1` and `class 10`, `C` and `C++`. */
const precise = (key: string): string => key.replace(/\p{L}/gu, '');

/** Labels for a message: the first few, and how many more there are. */
export function listLabels(labels: readonly string[]): string {
  const shown = labels
    .slice(0, 12)
    .map((label) => `"${label}"`)
    .join(', ');
  return labels.length > 12 ? `${shown} and ${labels.length - 12} more` : shown;
}
