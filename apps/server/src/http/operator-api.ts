import { samples, sampleTasks } from '@strata/fl-core/data/samples';
import { catalog, describeModel, shownSource } from '@strata/fl-core/models/layouts';
import { type Catalog, modelIds, routes } from '@strata/fl-core/protocol';
import { type DeletePorts, deleteRun } from '../engine/deletion.ts';
import { forkRun } from '../engine/fork.ts';
import { noteTest } from '../engine/model-tests.ts';
import { type CreatePorts, commandRun, createRun, renewJoinKey } from '../engine/runs.ts';
import { createInvitation, listInvitations, revokeInvitation } from '../intake/invitations.ts';
import { commandClient, type ModerationPorts } from '../intake/moderation.ts';
import type { HasModels } from '../models/index.ts';
import { newestAudit, recordAudit } from '../store/audit-log.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { dataSheet } from '../views/data-sheet.ts';
import { shownTo, type Views } from '../views/views.ts';
import type { RouteHandlers } from './serve-routes.ts';

type OperatorHandlers = Pick<
  RouteHandlers,
  | 'catalog'
  | 'findModel'
  | 'runs'
  | 'createRun'
  | 'forkRun'
  | 'run'
  | 'commandRun'
  | 'deleteRun'
  | 'renewJoinKey'
  | 'invitations'
  | 'createInvitation'
  | 'revokeInvitation'
  | 'commandClient'
  | 'round'
  | 'testModel'
  | 'events'
  | 'dataSheet'
>;

/** What the dashboard asks and does. */
export const operatorApi = (
  ports: CreatePorts & DeletePorts & HasBlobs & ModerationPorts,
  views: Views,
): OperatorHandlers => ({
  catalog: () => describeCatalog(ports),
  findModel: async ({ body: { source, granularity }, operator }) => {
    const details = { source: shownSource(source) };
    await recordAudit(ports, { who: operator.name, kind: 'model-fetched', details });
    return ports.models.resolve({ source, granularity, found: null });
  },
  runs: () => views.list(),
  createRun: async ({ body, operator }) => {
    return views.run(await createRun(ports, body, operator.name));
  },
  forkRun: async ({ params: { run }, body, operator }) =>
    views.run(await forkRun(ports, run, body, operator.name)),
  run: async ({ params: { run }, operator }) => shownTo(operator.role, await views.run(run)),
  commandRun: async ({ params: { run }, body: { command }, operator }) => {
    await commandRun(ports, run, command, operator.name);
    return views.run(run);
  },
  deleteRun: ({ params: { run }, operator }) => deleteRun(ports, run, operator.name),
  renewJoinKey: async ({ params: { run }, operator }) => {
    await renewJoinKey(ports, run, operator.name);
    return views.run(run);
  },
  invitations: ({ params: { run } }) => listInvitations(ports, run),
  createInvitation: ({ params: { run }, body, operator }) =>
    createInvitation(ports, run, body, operator.name),
  revokeInvitation: ({ params: { run, invitation }, operator }) =>
    revokeInvitation(ports, run, invitation, operator.name),
  commandClient: async ({ params: { run, client }, body: { command }, operator }) => {
    await commandClient(ports, run, client, command, operator.name);
    return views.run(run);
  },
  dataSheet: async ({ params: { run }, reply }) => {
    const facts = { run: await views.run(run), audit: await newestAudit(ports.db, 1), now: Date.now() };
    return reply
      .type(routes.dataSheet.answer.mediaType)
      .header('content-disposition', `attachment; filename="${run}-data-sheet.md"`)
      .send(dataSheet(facts));
  },
  round: ({ params: { run, round } }) => views.round(run, round),
  testModel: ({ params: { run, round }, body, operator }) => noteTest(ports, run, round, body, operator.name),
  events: ({ params: { run }, query: { after, limit } }) => ports.events.list(run, after ?? null, limit),
});

async function describeCatalog({ models }: HasModels): Promise<Catalog> {
  const described: Catalog['models'] = [];
  for (const id of modelIds) {
    described.push({ id, ...describeModel(catalog[id]), ...(await models.availability(id)) });
  }
  return {
    models: described,
    samples: Object.values(samples).map((sample) => {
      const { id, title, kind, labels, split } = sample;
      return { id, title, kind, tasks: [...sampleTasks(sample)], labels: [...labels], split };
    }),
  };
}
