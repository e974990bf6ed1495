import { newIdentity, readAnswer } from '@strata/client';
import {
  type ImportedModel,
  type RouteRequest,
  type Routes,
  routes,
  StrataError,
} from '@strata/fl-core/protocol';
import { server } from '../shared/api/api.ts';
import { csrfHeaders } from '../shared/api/csrf.ts';
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
  // Not crypto.randomUUID: a page from plain http has none.
  const upload = newIdentity().client;
  const total = files.reduce((sum, { content }) => sum + content.size, 0);
  let done = 0;
  for (const { name, content } of files) {
    await put({ params: { upload, file: name }, body: content }, options.signal, (sent) =>
      options.report(Math.min(1, (done + sent) / Math.max(1, total))),
    );
    done += content.size;
  }
  const { granularity, signal } = options;
  return server.call(routes.finishUpload, { params: { upload }, body: { granularity } }, { signal });
}

const route = routes.uploadModelFile;
type Upload = RouteRequest<Routes['uploadModelFile']> & { readonly body: Blob };

/** `fetch` does not tell how much of a body has left. */
function put(upload: Upload, signal: AbortSignal, report: (sent: number) => void): Promise<void> {
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
        readAnswer(route, request.status, request.responseText, upload.body.size);
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    request.upload.onprogress = (event) => report(event.loaded);
    request.open(route.method, server.url(route, upload));
    request.setRequestHeader('content-type', route.body.mediaType);
    for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
    request.send(upload.body);
  });
}
