/** A value as it stands in a text, and the line that it begins on, from 1. */
export interface PlacedValue {
  readonly line: number;
  readonly source: string;
}

/**
 * The objects and lists that stand one after the other, or as the items of a list, in a text of JSON, at most `most`.
 * What is none of them (a comma, a word) is passed over; a value that does not end is given as far as it goes.
 *
 * @param inside whether the items of the list that the text is are wanted.
 */
export function placedValues(text: string, inside: boolean, most: number): PlacedValue[] {
  const found: PlacedValue[] = [];
  const outer = inside ? 1 : 0;
  let [line, depth, begin, beginLine, quoted] = [1, 0, 0, 1, false];
  for (let at = 0; at < text.length && found.length < most; at++) {
    const sign = text[at];
    if (sign === '\n') line += 1;
    else if (quoted) {
      if (sign === '\\') at += 1;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === '{' || sign === '[') {
      if (depth === outer) [begin, beginLine] = [at, line];
      depth += 1;
    } else if (sign === '}' || sign === ']') {
      depth -= 1;
      if (depth === outer) found.push({ line: beginLine, source: text.slice(begin, at + 1) });
    }
  }
  if (depth > outer) found.push({ line: beginLine, source: text.slice(begin) });
  return found;
}

/** As `JSON.parse`, but for `NaN` and `Infinity`, which pandas and Python write: they are nothing. @throws SyntaxError */
export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    if (!/NaN|Infinity/.test(source)) throw error;
    const mended = source.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/gu, (found) =>
      found.startsWith('"') ? found : 'null',
    );
    if (mended === source) throw error;
    return JSON.parse(mended);
  }
}
