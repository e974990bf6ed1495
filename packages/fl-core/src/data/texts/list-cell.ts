/** What surrounds the items of a list: JSON, Python, numpy, PostgreSQL, and R's `c(...)`. */
const brackets = new Map([
  ['[', ']'],
  ['(', ')'],
  ['{', '}'],
]);

/**
 * The items of a list that a program has written into a cell: `["a", "b"]` (JSON), `['a', 'b']`, `('a',)`, `{'a'}` and
 * `set()` (Python), `['a' 'b']` and `[0 1]` (numpy), `{a,b}` (PostgreSQL), `c("a", "b")` (R); null for anything else.
 * Without quotation marks a comma parts items, and a blank parts numbers.
 */
export function parseList(cell: string): readonly string[] | null {
  const text = /^set\(\)$/.test(cell) ? '[]' : cell.replace(/^(?:c|array|set|frozenset)(?=\()/, '');
  const close = brackets.get(text[0] ?? '');
  if (close === undefined || !text.endsWith(close) || text.length < 2) return null;
  const inner = text.slice(1, -1).trim();
  // array(['a'], dtype=object), frozenset({'a'})
  const nested = /^([[{].*[\]}])\s*(,\s*dtype=.*)?$/su.exec(inner)?.[1];
  if (nested !== undefined && text[0] === '(') return parseList(nested);
  if (inner === '') return [];
  if (/^["']/.test(inner)) return quotedItems(inner);
  if (/["'[\]{}]/.test(inner)) return null;
  const numbers = /^[-+\d.\s]+$/.test(inner);
  if (text[0] === '(' && !numbers) return null; // a remark in brackets
  return inner
    .split(numbers && !inner.includes(',') ? /\s+/ : ',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Items between quotation marks, with commas or blanks between; null where something else stands between. */
function quotedItems(inner: string): readonly string[] | null {
  const item = /(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*(?:,\s*|(?=["'])|$)/suy;
  const items: string[] = [];
  while (item.lastIndex < inner.length) {
    const found = item.exec(inner);
    if (found === null) return null;
    items.push(plain(found[1] ?? found[2] ?? ''));
  }
  return items;
}

const plain = (quoted: string): string =>
  quoted.replace(/\\u([0-9a-f]{4})|\\(.)/giu, (_, code, sign) =>
    code === undefined ? sign : String.fromCharCode(Number.parseInt(code, 16)),
  );
