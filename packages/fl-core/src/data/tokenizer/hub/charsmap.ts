/**
 * SentencePiece's table of normalised characters ("precompiled charsmap"), as `tokenizer.json` of XLM-RoBERTa has it.
 * The library's own stand-in for it is NFKC with exceptions, which gave other ids than Python for joined emoji and
 * control characters.
 *
 * Bytes: the length of a double-array trie (uint32), the trie (uint32 units, Darts), then the normalised strings,
 * UTF-8, each ended by 0; a leaf's value is the place of its string.
 */

/** Longer clusters are looked up a character at a time, as Hugging Face's tokenizers does. */
const longestCluster = 5;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * The normalisation of a text by a table.
 *
 * @param table base64
 * @throws RangeError for a table that is cut off
 */
export function charsmapNormalizer(table: string): (text: string) => string {
  const bytes = Uint8Array.from(atob(table), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const trieBytes = view.getUint32(0, true);
  if (trieBytes % 4 !== 0 || 4 + trieBytes > bytes.byteLength)
    throw new RangeError('the charsmap is cut off');
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const strings = bytes.subarray(4 + trieBytes);
  const lookUp = (part: string): string | undefined => {
    const place = shortestMatch(trie, encoder.encode(part));
    if (place === undefined) return undefined;
    const end = strings.indexOf(0, place);
    return decoder.decode(strings.subarray(place, end < 0 ? undefined : end));
  };
  const clusters = new Intl.Segmenter('und', { granularity: 'grapheme' });
  const byClusters = (text: string): string => {
    let out = '';
    for (const { segment } of clusters.segment(text)) {
      const whole = encoder.encode(segment).byteLength <= longestCluster ? lookUp(segment) : undefined;
      out += whole ?? Array.from(segment, (c) => lookUp(c) ?? c).join('');
    }
    return out;
  };
  // Letters and signs of ASCII are clusters by themselves where no other character follows: no need to look for them.
  const ascii = new Map(
    Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)).map((c) => [
      c,
      lookUp(c) ?? c,
    ]),
  );
  return (text) => {
    let out = '';
    let done = 0;
    for (const { 0: run, index } of text.matchAll(/[ -~]+(?![^ -~])/g)) {
      if (index > done) out += byClusters(text.slice(done, index));
      for (const c of run) out += ascii.get(c)!;
      done = index + run.length;
    }
    return done < text.length ? out + byClusters(text.slice(done)) : out;
  };
}

/** Value of the shortest key that the bytes begin with. */
function shortestMatch(trie: Uint32Array, key: Uint8Array): number | undefined {
  let at = offset(trie[0] ?? 0);
  for (const byte of key) {
    if (byte === 0) return undefined;
    at ^= byte;
    const unit = trie[at] ?? 0;
    // The label is the low byte; the top bit is set in leaves only.
    if ((unit & 0x8000_00ff) >>> 0 !== byte) return undefined;
    at ^= offset(unit);
    if ((unit >>> 8) & 1) return (trie[at] ?? 0) & 0x7fff_ffff;
  }
  return undefined;
}

/** Where the children of a unit are, relative to it. */
const offset = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
