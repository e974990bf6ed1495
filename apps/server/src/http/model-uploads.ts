import { shownSource } from '@strata/fl-core/models/layouts';
import type { HasModels, ModelUploads } from '../models/index.ts';
import { recordAudit } from '../store/audit-log.ts';
import type { HasDb } from '../store/store.ts';
import type { RouteHandlers } from './serve-routes.ts';

type Uploads = Pick<RouteHandlers, 'uploadModelFile' | 'finishUpload'>;

/** Models from the operator's own disk. */
export const modelUploads = ({ models, db }: HasModels & HasDb, uploads: ModelUploads): Uploads => ({
  /** The body goes to disk as it comes. */
  uploadModelFile: async ({ params: { upload, file }, body }) => {
    await uploads.take(upload, file, body);
    return { file };
  },
  finishUpload: async ({ params: { upload }, body: { granularity }, operator }) => {
    const { source, discard } = await uploads.finish(upload);
    const details = { source: shownSource(source) };
    await recordAudit({ db }, { who: operator.name, kind: 'model-fetched', details });
    try {
      return await models.resolve({ source, granularity, found: null });
    } catch (error) {
      await discard();
      throw error;
    }
  },
});
