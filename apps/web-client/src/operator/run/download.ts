import { StrataError } from '@strata/fl-core/protocol';
import { server } from '../../shared/api/api.ts';
import { type ModelFile, modelFiles } from '../api.ts';

/**
 * The run's current model as one file. The route wants the operator's token, which a plain link could not send.
 * @param onProgress bytes received so far
 * @throws {StrataError} what the server answered
 */
export async function downloadModel(
  run: string,
  file: ModelFile,
  onProgress: (received: number) => void,
): Promise<Blob> {
  const response = await server.bytes(modelFiles[file], { params: { run } });
  if (response.body === null) {
    throw new StrataError('unavailable', 'The server sent an empty file.', 'Try again in a moment.');
  }
  const chunks: BlobPart[] = [];
  let received = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    received += part.value.byteLength;
    onProgress(received);
  }
  return new Blob(chunks, { type: 'application/octet-stream' });
}
