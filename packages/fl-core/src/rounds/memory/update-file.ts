import { headerLength, parseHeader, StrataError } from '../../protocol/index.ts';
import type { UpdateFile } from '../update-check.ts';

/** An update in memory. Throws `bad-safetensors`. */
export function updateFileOf(bytes: Uint8Array): UpdateFile {
  const length = headerLength(bytes.subarray(0, 8));
  if (8 + length > bytes.byteLength) throw truncated();
  const header = parseHeader(bytes.subarray(8, 8 + length));
  if (header.fileSize !== bytes.byteLength) throw truncated();
  return {
    header,
    async *values({ begin, end }) {
      yield { offset: 0, values: new Float32Array(bytes.slice(begin, end).buffer) };
    },
  };
}

const truncated = () =>
  new StrataError(
    'bad-safetensors',
    'The file is not as long as its header says.',
    'Send the whole file again.',
  );
