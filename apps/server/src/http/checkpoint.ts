import { Readable } from 'node:stream';
import { modelName } from '@strata/fl-core/models/layouts';
import { routes } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import type { Operator } from '../entry/operators/operator.ts';
import { recordAudit } from '../store/audit-log.ts';
import type { HasBlobs } from '../store/blobs.ts';
import type { HasDb } from '../store/store.ts';
import type { Views } from '../views/views.ts';
import { checkpointFile } from './checkpoint-file.ts';
import { exportFiles } from './export.ts';
import type { RouteHandlers } from './serve-routes.ts';
import { zip } from './zip.ts';

type Downloads = Pick<RouteHandlers, 'checkpoint' | 'modelFolder'>;

const recordExport = (ports: HasDb, { name }: Operator, run: string, round: number): Promise<void> =>
  recordAudit(ports, { who: name, kind: 'model-exported', run, details: { round: String(round) } });

/** The newest checkpoint of a run, streamed. */
export const downloads = (ports: HasBlobs & HasDb, views: Views): Downloads => ({
  /** All layers as one file under Strata's names. */
  checkpoint: async ({ params: { run: id }, reply, operator }) => {
    const { config, checkpoint, spent } = await views.run(id);
    await recordExport(ports, operator, id, checkpoint.round);
    const order = layoutFor(config).layers.map((l) => l.name);
    const file = await checkpointFile(ports, {
      checkpoint,
      order,
      metadata: {
        format: 'pt', // what transformers and safetensors.torch expect
        run: id,
        round: String(checkpoint.round),
        model: modelName(config.model),
        strategy: config.strategy.name,
        ...(spent === null ? {} : { privacy: JSON.stringify({ ...config.privacy, spent }) }),
        layers: JSON.stringify(
          Object.fromEntries(order.map((name) => [name, checkpoint.layers[name]?.sha256 ?? ''])),
        ),
      },
    });
    return reply
      .type(routes.checkpoint.answer.mediaType)
      .header('content-length', file.bytes)
      .header('content-disposition', `attachment; filename="${id}-round-${checkpoint.round}.safetensors"`)
      .send(Readable.from(file.chunks(), { objectMode: false }));
  },

  /** A folder that transformers opens, as a zip. */
  modelFolder: async ({ params: { run: id }, reply, operator }) => {
    const { checkpoint } = await views.run(id);
    await recordExport(ports, operator, id, checkpoint.round);
    const { name, files } = await exportFiles(ports, views, id);
    return reply
      .type(routes.modelFolder.answer.mediaType)
      .header('content-disposition', `attachment; filename="${name}.zip"`)
      .send(Readable.from(zip(files), { objectMode: false }));
  },
});
