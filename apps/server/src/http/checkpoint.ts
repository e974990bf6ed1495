import { Readable } from 'node:stream';
import { modelName } from '@strata/fl-core/models/layouts';
import { layoutFor } from '@strata/fl-core/rounds';
import type { FastifyInstance } from 'fastify';
import type { HasBlobs } from '../store/blobs.ts';
import type { Views } from '../views/views.ts';
import { checkpointFile } from './checkpoint-file.ts';
import { exportFiles } from './export.ts';
import { parse, RunParams } from './parse.ts';
import { zip } from './zip.ts';

/** The newest checkpoint of a run, streamed. */
export function checkpointRoutes(app: FastifyInstance, ports: HasBlobs, views: Views): void {
  /** All layers as one file under Strata's names. */
  app.get('/api/runs/:run/checkpoint.safetensors', async (request, reply) => {
    const { run: id } = parse(RunParams, request.params);
    const { config, checkpoint } = await views.run(id);
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
        layers: JSON.stringify(
          Object.fromEntries(order.map((name) => [name, checkpoint.layers[name]?.sha256 ?? ''])),
        ),
      },
    });
    return reply
      .type('application/octet-stream')
      .header('content-length', file.bytes)
      .header('content-disposition', `attachment; filename="${id}-round-${checkpoint.round}.safetensors"`)
      .send(Readable.from(file.chunks(), { objectMode: false }));
  });

  /** A folder that transformers opens, as a zip. */
  app.get('/api/runs/:run/model.zip', async (request, reply) => {
    const { run: id } = parse(RunParams, request.params);
    const { name, files } = await exportFiles(ports, views, id);
    return reply
      .type('application/zip')
      .header('content-disposition', `attachment; filename="${name}.zip"`)
      .send(Readable.from(zip(files), { objectMode: false }));
  });
}
