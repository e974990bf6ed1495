import { Readable } from 'node:stream';
import { Id, ImportedModel } from '@strata/fl-core/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HasModels, ModelUploads } from '../models/index.ts';
import { parse } from './parse.ts';
import { ok } from './reply.ts';

const UploadParams = z.object({ upload: Id });
const FileParams = z.object({
  upload: Id,
  // No name begins with a dot, and none leads out of the folder.
  file: z
    .string()
    .max(200)
    .regex(/^[\w-][\w.-]*$/, 'must be a file name'),
});

/** Models from the operator's own disk. `app` has checked who asks. */
export function uploadRoutes(app: FastifyInstance, { models }: HasModels, uploads: ModelUploads): void {
  /** All files have arrived: what the model is, as `POST /api/models` says it. */
  app.post('/api/models/uploads/:upload', async (request) => {
    const { upload } = parse(UploadParams, request.params);
    const { granularity } = parse(
      ImportedModel.pick({ granularity: true }),
      request.body ?? {},
      'bad-config',
    );
    const { source, discard } = await uploads.finish(upload);
    try {
      return ok(await models.resolve({ source, granularity, found: null }));
    } catch (error) {
      await discard();
      throw error;
    }
  });

  app.register(async (inner) => {
    inner.removeAllContentTypeParsers();
    inner.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    /** One file; the body goes to disk as it comes. */
    inner.put('/api/models/uploads/:upload/:file', async (request) => {
      const { upload, file } = parse(FileParams, request.params);
      const body = request.body instanceof Readable ? request.body : Readable.from([]);
      await uploads.take(upload, file, body).catch((error: unknown) => {
        body.resume(); // So that the client hears the answer; the request timeout bounds how long.
        throw error;
      });
      return ok({ file });
    });
  });
}
