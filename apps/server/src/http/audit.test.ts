import { createHash } from 'node:crypto';
import { AuditEntry, checkAudit, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { programName } from '../entry/operators/operator.ts';
import { theServer } from '../store/audit-log.ts';
import { committed, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const log = async () => {
  const answer = await server.operator.bytes(routes.auditFile, {});
  return (await answer.text()).trimEnd().split('\n');
};

it('has every decision of operators on a run and every model of it, and nothing that participants do', async () => {
  const crew = await startCrew(server, [{}, {}, {}], { rounds: 1 });
  const { id } = crew;
  await server.until(id, (view) => view.state === 'finished', 'the end', 60_000);
  const round = await committed(server, id, 1);
  await server.operator.call(routes.renewJoinKey, { params: { run: id } });
  const [client] = crew.clients;
  for (const command of ['ban', 'admit', 'remove'] as const) {
    const params = { run: id, client: client?.id ?? '' };
    await server.operator.call(routes.commandClient, { params, body: { command } });
  }
  await (await server.operator.bytes(routes.checkpoint, { params: { run: id } })).arrayBuffer();
  const made = await server.operator.call(routes.createToken, {
    body: { name: 'ci', role: 'viewer', days: 1 },
  });
  await server.operator.call(routes.revokeToken, { params: { token: made.token.id } });

  const lines = await log();
  const page = await server.operator.call(routes.audit, { query: { limit: 3 } });
  expect(checkAudit(lines, sha256, page.head)).toMatchObject({ kind: 'whole', entries: page.count });
  const entries = lines.map((line) => AuditEntry.parse(JSON.parse(line)));
  expect(page.entries).toEqual(entries.slice(-3).reverse());
  expect(entries.map(({ kind, who, run }) => [kind, who === theServer ? who : 'operator', run])).toEqual([
    ['run-created', 'operator', id],
    ['run-started', 'operator', id],
    ['model-committed', 'server', id],
    ['join-link-renewed', 'operator', id],
    ['client-banned', 'operator', id],
    ['client-admitted', 'operator', id],
    ['client-removed', 'operator', id],
    ['model-exported', 'operator', id],
    ['token-created', 'operator', null],
    ['token-revoked', 'operator', null],
  ]);
  expect(new Set(entries.map(({ who }) => who))).toEqual(new Set([programName, theServer]));
  // What was committed can be held against what was exported.
  const last = entries.findLast(({ kind }) => kind === 'model-committed');
  expect(last?.details).toEqual({
    round: '1',
    ...Object.fromEntries(
      Object.entries(round.checkpoint?.layers ?? {}).map(([name, { sha256 }]) => [`layer ${name}`, sha256]),
    ),
  });
  for (const secret of [made.secret, (await server.view(id)).joinKey])
    expect(lines.join()).not.toContain(secret);
}, 90_000);
