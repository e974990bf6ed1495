/** The character that stands for each byte in byte-level vocabularies (GPT-2): printable ones for themselves. */
const characters: readonly string[] = (() => {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
})();

const encoder = new TextEncoder();

/** A text's UTF-8 bytes as the characters that stand for them. */
export function byteCharacters(text: string): string {
  let out = '';
  for (const byte of encoder.encode(text)) out += characters[byte];
  return out;
}
