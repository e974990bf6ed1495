import { createReadStream } from 'node:fs';
import { Id } from '@strata/fl-core/protocol';
import type { FastifyRequest } from 'fastify';
import type { SeesPresence } from '../live/presence.ts';
import type { HasTraffic } from '../live/traffic.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { chunkBytes } from '../store/tensor-file.ts';
import { parseRange } from './range.ts';
import type { RouteHandlers } from './serve-routes.ts';

/** Immutable, ranged, cached for ever by the browser. */
export const blob =
  (ports: HasBlobs & SeesPresence & HasTraffic): RouteHandlers['blob'] =>
  async ({ params: { sha256 }, request, reply }) => {
    const etag = `"${sha256}"`;
    const [size, path] = [await ports.blobs.size(sha256), await ports.blobs.path(sha256)];
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
    stream.once('close', () => attribute(ports, request, stream.bytesRead));
    return reply.send(stream);
  };

/** Counts a download for the client named in `x-strata-client: RUN/CLIENT`, if that client is there. */
function attribute(
  { presence, traffic }: SeesPresence & HasTraffic,
  request: FastifyRequest,
  bytes: number,
): void {
  const header = request.headers['x-strata-client'];
  if (typeof header !== 'string') return;
  const [run, client, ...more] = header.split('/').map((part) => Id.safeParse(part));
  if (!run?.success || !client?.success || more.length > 0) return;
  if (presence.state(run.data, client.data) === 'left') return;
  traffic.add(run.data, client.data, bytes);
}
