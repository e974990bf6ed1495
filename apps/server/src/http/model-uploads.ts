import type { HasModels, ModelUploads } from '../models/index.ts';
import type { RouteHandlers } from './serve-routes.ts';

type Uploads = Pick<RouteHandlers, 'uploadModelFile' | 'finishUpload'>;

/** Models from the operator's own disk. */
export const modelUploads = ({ models }: HasModels, uploads: ModelUploads): Uploads => ({
  /** The body goes to disk as it comes. */
  uploadModelFile: async ({ params: { upload, file }, body }) => {
    await uploads.take(upload, file, body);
    return { file };
  },
  finishUpload: async ({ params: { upload }, body: { granularity } }) => {
    const { source, discard } = await uploads.finish(upload);
    try {
      return await models.resolve({ source, granularity, found: null });
    } catch (error) {
      await discard();
      throw error;
    }
  },
});
