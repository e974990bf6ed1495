import { parentPort } from 'node:worker_threads';
import { GrowingFile, type SpooledContent } from './growing-file.ts';

/** The thread that hashes and looks through what is being spooled; see {@link SpoolReader}. */

export type ReadRequest =
  | { readonly kind: 'open'; readonly id: number; readonly path: string }
  | { readonly kind: 'grown'; readonly id: number; readonly size: number }
  | { readonly kind: 'end'; readonly id: number; readonly size: number }
  /** Nobody wants to know any more. */
  | { readonly kind: 'stop'; readonly id: number };

export interface ReadReply {
  readonly id: number;
  readonly sha256: string;
  readonly content: SpooledContent;
}

const files = new Map<number, GrowingFile>();

parentPort?.on('message', (request: ReadRequest) => {
  const { id } = request;
  switch (request.kind) {
    case 'open':
      files.set(id, new GrowingFile(request.path));
      return;
    case 'grown':
      files.get(id)?.grown(request.size);
      return;
    case 'end': {
      const file = files.get(id);
      files.delete(id);
      if (file) parentPort?.postMessage({ id, ...file.end(request.size) } satisfies ReadReply);
      return;
    }
    case 'stop':
      files.get(id)?.close();
      files.delete(id);
      return;
    default:
      request satisfies never;
  }
});
