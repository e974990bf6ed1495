import { ImportedModel, StrataError } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { call, readAnswer } from '../shared/api/api.ts';
import { operatorToken } from '../shared/api/token.ts';
import type { ModelFile } from './create/model-files.ts';

interface UploadOptions {
  readonly granularity: ImportedModel['granularity'];
  readonly signal: AbortSignal;
  /** Share of the bytes that have left. */
  readonly report: (fraction: number) => void;
}

/**
 * Sends a model's files to the server, one after the other, and asks what it is.
 * @throws {StrataError} what the server answered, `unavailable` when it does not answer.
 */
export async function uploadModel(
  files: readonly ModelFile[],
  options: UploadOptions,
): Promise<ImportedModel> {
  const path = `/api/models/uploads/${crypto.randomUUID()}`;
  const total = files.reduce((sum, { content }) => sum + content.size, 0);
  let done = 0;
  for (const { name, content } of files) {
    await put(`${path}/${encodeURIComponent(name)}`, content, options.signal, (sent) =>
      options.report(Math.min(1, (done + sent) / Math.max(1, total))),
    );
    done += content.size;
  }
  const { granularity, signal } = options;
  return call(ImportedModel, path, { method: 'POST', body: { granularity }, signal });
}

/** `fetch` does not tell how much of a body has left. */
function put(path: string, body: Blob, signal: AbortSignal, report: (sent: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener('abort', abort);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    request.onabort = () => reject(signal.reason);
    request.onerror = () =>
      reject(
        new StrataError(
          'unavailable',
          'The server does not answer, or it broke off the upload.',
          'Check that it is running and that the model is not larger than it takes, then try again.',
        ),
      );
    request.onload = () => {
      try {
        readAnswer(z.unknown(), request.status, request.responseText);
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    request.upload.onprogress = (event) => report(event.loaded);
    request.open('PUT', path);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('authorization', `Bearer ${operatorToken() ?? ''}`);
    request.send(body);
  });
}
