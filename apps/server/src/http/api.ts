import { routes } from '@strata/fl-core/protocol';
import type { FastifyInstance } from 'fastify';
import type { ModelUploads } from '../models/index.ts';
import type { Context } from '../rounds/context.ts';
import type { Views } from '../rounds/views.ts';
import { blob } from './blobs.ts';
import { downloads } from './checkpoint.ts';
import { modelUploads } from './model-uploads.ts';
import { describeRoutes } from './openapi.ts';
import { operatorApi, operatorCheck } from './operator-api.ts';
import { publicApi } from './public-api.ts';
import { serveRoutes } from './serve-routes.ts';
import { update } from './updates.ts';

export interface ApiOptions {
  readonly context: Context;
  readonly views: Views;
  readonly uploads: ModelUploads;
  readonly operatorToken: string;
}

/** Serves all routes of the protocol, and their description. */
export function serveApi(
  parent: FastifyInstance,
  { context, views, uploads, operatorToken }: ApiOptions,
): void {
  parent.register(async (app) => {
    await describeRoutes(app);
    serveRoutes(
      app,
      {
        ...publicApi(context, views),
        ...operatorApi(context, views),
        ...downloads(context, views),
        ...modelUploads(context, uploads),
        blob: blob(context),
        update: update(context),
        description: async ({ reply }) => {
          return reply.type(routes.description.answer.mediaType).send(JSON.stringify(app.swagger()));
        },
      },
      operatorCheck(operatorToken),
    );
  });
}
