import { createReadStream } from 'node:fs';
import { Id } from '@strata/fl-core/protocol';
import type { FastifyRequest } from 'fastify';
import type { Context } from '../rounds/context.ts';
import { chunkBytes } from '../rounds/tensor-file.ts';
import { parseRange } from './range.ts';
import type { RouteHandlers } from './serve-routes.ts';

/** Immutable, ranged, cached for ever by the browser. */
export const blob =
  (context: Context): RouteHandlers['blob'] =>
  async ({ params: { sha256 }, request, reply }) => {
    const etag = `"${sha256}"`;
    const [size, path] = [await context.blobs.size(sha256), await context.blobs.path(sha256)];
    reply
      .header('etag', etag)
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('accept-ranges', 'bytes')
      .type('application/octet-stream');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    const asked = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
    const range = parseRange(asked ? request.headers.range : undefined, size);
    if (range === 'unsatisfiable') {
      return reply.code(416).header('content-range', `bytes */${size}`).send();
    }
    const { start, end } = range === 'whole' ? { start: 0, end: size - 1 } : range;
    if (range !== 'whole') reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
    reply.header('content-length', end - start + 1);
    if (request.method === 'HEAD') return reply.send();
    const stream = createReadStream(path, { start, end, highWaterMark: chunkBytes });
    stream.once('close', () => attribute(context, request, stream.bytesRead));
    return reply.send(stream);
  };

/** Counts a download for the client named in `x-strata-client: RUN/CLIENT`, if that client is there. */
function attribute(context: Context, request: FastifyRequest, bytes: number): void {
  const header = request.headers['x-strata-client'];
  if (typeof header !== 'string') return;
  const [run, client, ...more] = header.split('/').map((part) => Id.safeParse(part));
  if (!run?.success || !client?.success || more.length > 0) return;
  if (context.presence.state(run.data, client.data) === 'left') return;
  context.traffic.add(run.data, client.data, bytes);
}
