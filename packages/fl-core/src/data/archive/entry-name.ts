import { crc32 } from './crc32.ts';

/** What a directory says of the name of an entry. */
export interface RawName {
  readonly bytes: Uint8Array;
  /** Whether bit 11 says that it is UTF-8. */
  readonly utf8: boolean;
  /** Content of the extra field 0x7075 (Info-ZIP Unicode Path), where there is one. */
  readonly unicodePath?: Uint8Array;
}

/**
 * The name of an entry as the system meant it that wrote it, composed (NFC). Finder and Java write UTF-8 without
 * saying so, old Info-ZIP a second name in a field of its own; what is no UTF-8 is code page 437, as the format has it.
 */
export function decodeName({ bytes, utf8, unicodePath }: RawName): string {
  const name = fromField(unicodePath, bytes) ?? strictUtf8(bytes) ?? (utf8 ? lenient(bytes) : cp437(bytes));
  const end = name.indexOf('\0');
  return (end < 0 ? name : name.slice(0, end)).normalize('NFC');
}

/** Version 1, the CRC-32 of the name that it stands for, the name: ignored where the other name has been changed since. */
function fromField(field: Uint8Array | undefined, name: Uint8Array): string | undefined {
  if (field === undefined || field.length < 6 || field[0] !== 1) return undefined;
  const of = new DataView(field.buffer, field.byteOffset, field.length).getUint32(1, true);
  return of === crc32(name) ? strictUtf8(field.subarray(5)) : undefined;
}

function strictUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const lenient = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The upper half of code page 437. */
const upper =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const cp437 = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : upper[byte - 128]!)).join('');
