import { parentPort } from 'node:worker_threads';
import { GrowingFile, type SpooledContent } from './growing-file.ts';

/** The thread that hashes and looks through what is being spooled; see {@link SpoolReader}. */

export type ReadRequest =
  | { readonly kind: 'open'; readonly id: number; readonly path: string }
  | { readonly kind: 'grown'; readonly id: number; readonly size: number }
  | { readonly kind: 'end'; readonly id: number; readonly size: number }
  /** Nobody wants to know any more. */
  | { readonly kind: 'stop'; readonly id: number };

export type ReadReply =
  | { readonly kind: 'read'; readonly id: number; readonly sha256: string; readonly content: SpooledContent }
  /** The file could not be read; others are not concerned. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

const files = new Map<number, GrowingFile>();
/** Why files are not among them any more. */
const failures = new Map<number, string>();

function attempt(id: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    forget(id);
    failures.set(id, error instanceof Error ? error.message : String(error));
  }
}

function forget(id: number): void {
  files.get(id)?.close();
  files.delete(id);
  failures.delete(id);
}

function answer(id: number, size: number): ReadReply {
  const file = files.get(id);
  if (file) return { kind: 'read', id, ...file.end(size) };
  return { kind: 'failed', id, message: failures.get(id) ?? 'it was not opened' };
}

parentPort?.on('message', (request: ReadRequest) => {
  const { id } = request;
  switch (request.kind) {
    case 'open':
      return attempt(id, () => files.set(id, new GrowingFile(request.path)));
    case 'grown':
      return attempt(id, () => files.get(id)?.grown(request.size));
    case 'end':
      attempt(id, () => files.get(id)?.grown(request.size, true));
      parentPort?.postMessage(answer(id, request.size));
      return forget(id);
    case 'stop':
      return forget(id);
    default:
      request satisfies never;
  }
});
