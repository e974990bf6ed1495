// @module-tag long
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ChannelSocket } from '@strata/client';
import { operatorChannel, type RunView, routes } from '@strata/fl-core/protocol';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ModelFolder, tinyTokenizer } from '../models/testing.ts';
import { freshPostgres, postgresLacking } from '../store/testing.ts';
import { Balancer } from '../testing/balancer.ts';
import { honest, type Script, TestClient } from '../testing/client.ts';
import { Gate } from '../testing/crew.ts';
import { S3Server, s3Lacking } from '../testing/s3.ts';
import { operatorOf, operatorToken, TestServer, testConfig, untilRun } from '../testing/server.ts';

const program = fileURLToPath(new URL('../testing/child.ts', import.meta.url));
const ids = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'];
const config = testConfig({
  rounds: 3,
  seed: 5,
  cohort: { goal: 6, minimum: 6, quorum: 0.5 },
  deadlines: { probing: 300, training: 300, evaluating: 300 },
  // Its state must come along, too.
  aggregation: { optimizer: { name: 'fedadam' } },
});

let started = 0;
/** What runs: also what a start that failed has left. */
const running = new Set<NodeProcess>();
/** A server among others, in a process of its own. */
class NodeProcess {
  /** How its sessions at the database are called. */
  readonly name = `node-${++started}`;
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #dataDir: string;

  private constructor(dataDir: string, databaseUrl: string, shared: string) {
    this.#dataDir = dataDir;
    // It takes a free port itself: one that was found here could be somebody's by the time it listens.
    const args = ['--import', 'tsx', program, dataDir, '0', databaseUrl, shared];
    this.#child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LOG_LEVEL: 'warn', PGAPPNAME: this.name },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (text: Buffer) => this.lines.push(String(text)));
  }

  /** @param shared where blobs are: a folder, or a bucket as JSON. */
  static async start(databaseUrl: string, shared: string): Promise<NodeProcess> {
    const dataDir = await mkdtemp(join(tmpdir(), 'strata-node-'));
    const node = new NodeProcess(dataDir, databaseUrl, shared);
    running.add(node);
    while (node.url === '') {
      if (node.ended) throw new Error(`a node ended:\n${node.lines.join('')}`);
      await sleep(50);
    }
    return node;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get url(): string {
    return /serving (\S+)\n/.exec(this.lines.join(''))?.[1] ?? '';
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Whether a node's name is this one's. */
  is(name: string): boolean {
    return name.includes(`-${this.#child.pid}-`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(): Promise<void> {
    running.delete(this);
    if (!this.ended) {
      const gone = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await gone;
    }
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}

/** For what a busy machine takes long for. */
const patiently = { timeout: 30_000 };

/** Answers until it is heard, by whichever node, as sessions do. */
const patient: Script = {
  probe: (client, work) => again(() => honest.probe(client, work)),
  train: (client, work) => again(() => honest.train(client, work)),
  evaluate: (client, work) => again(() => honest.evaluate(client, work)),
  seal: (client, work) => again(() => honest.seal(client, work)),
};
/** Why the newest tries failed, for a test that fails. */
const refusals: string[] = [];
/** Rises with each test: what a client of an earlier one still tries is over. */
let life = 0;
async function again(answer: () => Promise<void>): Promise<void> {
  for (const began = life; began === life; ) {
    try {
      return await answer();
    } catch (error) {
      refusals.push(String(error));
      await sleep(100);
    }
  }
}

describe.skipIf(postgresLacking)(`several servers on one PostgreSQL${postgresLacking}`, () => {
  /** What a server that is alone makes of the same run. */
  let alone: RunView['checkpoint'];
  let database: Awaited<ReturnType<typeof freshPostgres>>;
  let sharedDir: string;
  let nodes: NodeProcess[];
  /** What stands before the nodes. */
  let front: Balancer | null;
  let watcher: pg.Client;
  const clients: TestClient[] = [];

  beforeAll(async () => {
    const server = await TestServer.start();
    const { id } = await server.createRun(config);
    const crew = ids.map((name) => server.client({ run: id, id: name, config, script: patient }));
    await Promise.all(crew.map((c) => c.join()));
    await server.command(id, 'start');
    const end = await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
    alone = end.checkpoint;
    await server.close();
  }, 180_000);
  beforeEach(async () => {
    front = null;
    nodes = [];
    database = await freshPostgres();
    sharedDir = await mkdtemp(join(tmpdir(), 'strata-shared-'));
    watcher = new pg.Client({ connectionString: database.url });
    await watcher.connect();
  }, 120_000);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') {
      const told = clients.map((c) => [c.id, c.connected, c.history.at(-1)?.kind, c.errors.map(String)]);
      console.warn(JSON.stringify(told), refusals.slice(-20), ...[...running].map((n) => n.lines.join('')));
    }
    life += 1;
    refusals.length = 0;
    for (const client of clients.splice(0)) client.drop();
    await front?.close();
    for (const node of [...running]) await node.end();
    await watcher.end();
    await database.drop();
    await rm(sharedDir, { recursive: true, force: true });
  }, 60_000);
  afterAll(() => {
    for (const client of clients) client.drop();
  });

  let key: string;
  /** Two nodes, six clients, and a run that begins. */
  async function start({
    script = {},
    shared = sharedDir,
    stalls = false,
  }: {
    script?: Partial<Script>;
    shared?: string;
    stalls?: boolean;
  } = {}): Promise<{ id: string; balancer: Balancer }> {
    nodes = await Promise.all([1, 2].map(() => NodeProcess.start(database.url, shared)));
    const balancer = await Balancer.before(nodes.map((n) => n.port));
    front = balancer;
    balancer.stalls = stalls;
    const { url } = balancer;
    const { id, joinKey } = await operatorOf(url).call(routes.createRun, { body: config });
    key = joinKey;
    const crew = ids.map(
      (name) => new TestClient({ url, run: id, key, id: name, config, script: { ...patient, ...script } }),
    );
    clients.push(...crew);
    await Promise.all(crew.map((c) => c.join()));
    await operatorOf(url).call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });
    return { id, balancer };
  }

  /** The node that drives a run. */
  async function ownerOf(run: string): Promise<NodeProcess | null> {
    const { rows } = await watcher.query<{ owner: string }>(
      'select owner from leases where run = $1 and lease_until > now()',
      [run],
    );
    return nodes.find((node) => rows[0] !== undefined && node.is(rows[0].owner)) ?? null;
  }
  async function untilOwned(run: string, wanted: (owner: NodeProcess) => boolean): Promise<NodeProcess> {
    for (const end = performance.now() + 60_000; performance.now() < end; await sleep(25)) {
      const owner = await ownerOf(run);
      if (owner && wanted(owner)) return owner;
    }
    throw new Error('Nobody drives the run.');
  }
  const finished = (url: string, run: string) =>
    untilRun(url, run, (v) => v.state === 'finished', 'the end', 90_000);
  const allAnswered = (view: RunView) => {
    expect(view.rounds.map((r) => [r.phase, r.updates])).toEqual([1, 2, 3].map(() => ['committed', 6]));
  };
  /** From now on it is written down which node changes what becomes of rounds, and which what clients say. */
  async function watchWrites(): Promise<() => Promise<unknown[]>> {
    await watcher.query(`create table writes (node text, what text)`);
    await watcher.query(`create function written() returns trigger language plpgsql as $$
      begin insert into writes values (current_setting('application_name'), tg_table_name || ' ' || tg_op); return null; end $$`);
    for (const table of ['runs', 'rounds', 'checkpoints', 'draws', 'members'])
      await watcher.query(`create trigger written after insert or update or delete on ${table}
        for each row execute function written()`);
    return async () => (await watcher.query('select distinct node, what from writes order by 1, 2')).rows;
  }

  it('clients at both, a run ends with the bytes of a server that is alone; what is told at one is heard at the other', async () => {
    let owner: NodeProcess | undefined;
    const { id } = await start({
      script: {
        train: async (client, work) => {
          const { layers } = work.checkpoint;
          const other = nodes.find((n) => n !== owner);
          if (client.id === 'c1' && owner !== undefined && other !== undefined) {
            const headers = { 'x-strata-client': `${client.run}/c1` };
            const blob = await fetch(`${other.url}/blobs/${layers.head?.sha256}`, { headers });
            await blob.arrayBuffer();
            // It is written down while the round is open.
            const counted = `select from members where run = $1 and round = $2 and client = 'c1' and bytes_down > 0`;
            for (const began = life; began === life; await sleep(50))
              if ((await watcher.query(counted, [client.run, work.round])).rowCount === 1) break;
          }
          await patient.train(client, work);
        },
      },
    });
    const there = async () => {
      const { rows } = await watcher.query<{ nodes: number; clients: number }>(
        'select count(distinct node)::int as nodes, count(*)::int as clients from presence where connected',
      );
      return rows[0];
    };
    await expect.poll(there, patiently).toEqual({ nodes: 2, clients: 6 });
    owner = await untilOwned(id, () => true);
    const other = nodes.find((n) => n !== owner) ?? owner;
    for (const { url } of nodes) {
      const seen = async () => {
        const { clients } = await operatorOf(url).call(routes.run, { params: { run: id } });
        return clients.map((c) => c.presence);
      };
      await expect.poll(seen, patiently).toEqual(ids.map(() => 'connected'));
    }
    // A dashboard at the node that does not drive the run.
    const heard: string[] = [];
    const dashboard = new ChannelSocket(operatorChannel, {
      server: other.url,
      auth: { token: operatorToken },
    });
    dashboard.open({
      connected: () => void dashboard.ask('watch', { run: id }),
      disconnected: () => {},
      refused: () => {},
      pushes: { change: () => {}, event: ({ kind, round }) => heard.push(`${kind} ${round}`) },
    });
    const end = await finished(other.url, id);
    allAnswered(end);
    expect(end.checkpoint).toEqual(alone);
    await expect.poll(() => heard, patiently).toContain('round-committed 3');
    dashboard.close();
    const lines = await operatorOf(other.url).call(routes.events, {
      params: { run: id },
      query: { limit: 1000 },
    });
    expect(lines.filter((l) => l.kind === 'round-committed').map((l) => l.round)).toEqual([1, 2, 3]);
    expect(lines.filter((l) => l.kind === 'started-anew')).toEqual([]);
    // Whichever node took their answers: they have seats.
    expect((await watcher.query('select from clients where proven')).rowCount).toBe(6);
    const { members } = await operatorOf(owner.url).call(routes.round, { params: { run: id, round: 2 } });
    expect(members.find((m) => m.client === 'c1')?.bytesDown).toBeGreaterThan(0);
    // Sent away by the node that it is not connected to.
    for (const { url } of nodes) {
      const [{ client } = { client: '' }] = (
        await watcher.query<{ client: string }>(
          'select client from presence join clients c on c.id = client where connected and not banned limit 1',
        )
      ).rows;
      await operatorOf(url).call(routes.commandClient, {
        params: { run: id, client },
        body: { command: 'ban' },
      });
      const banned = clients.find((c) => c.id === client);
      await expect.poll(() => banned?.dismissals, patiently).toMatchObject([{ code: 'banned' }]);
    }
    // The same participant from another device, at the one node and then at the other: each time the earlier one is told.
    let device = clients.find((c) => c.connected && c.dismissals.length === 0)!;
    const { id: name, secret } = device;
    for (const { url } of nodes) {
      const next = new TestClient({ url, run: id, key, id: name, secret, config });
      clients.push(next);
      await next.join();
      const earlier = device;
      await expect.poll(() => earlier.dismissals, patiently).toMatchObject([{ code: 'taken-over' }]);
      expect(next.connected).toBe(true);
      device = next;
    }
  }, 120_000);

  it('wrong tokens at one count at the other', async () => {
    nodes = await Promise.all([1, 2].map(() => NodeProcess.start(database.url, sharedDir)));
    const [first, second] = nodes.map(({ url }) => async (token: string) => {
      const { status } = await fetch(`${url}/api/runs`, { headers: { authorization: `Bearer ${token}` } });
      return status;
    }) as [(token: string) => Promise<number>, (token: string) => Promise<number>];
    await expect.poll(() => first(operatorToken), patiently).toBe(200);
    let wrong = 0;
    while ((await first(`wrong-${wrong}`)) !== 429) wrong++;
    expect(wrong).toBeGreaterThanOrEqual(30);
    // Each look is a guess itself, where it is not refused: fewer than the thirty that it would have by itself.
    let looks = 0;
    const look = () => {
      looks += 1;
      return second('wrong');
    };
    await expect.poll(look, { timeout: 5_000 }).toBe(429);
    expect(looks).toBeLessThan(20);
  }, 120_000);

  it('the files of one upload, dealt out to both, are one model', async () => {
    nodes = await Promise.all([1, 2].map(() => NodeProcess.start(database.url, sharedDir)));
    const folder = await ModelFolder.copyOf('bert/fixtures/bert');
    await folder.write('tokenizer.json', tinyTokenizer('bert'));
    const names = ['config.json', 'model.safetensors', 'tokenizer.json'];
    for (const [i, file] of names.entries()) {
      const body = new Blob([await readFile(join(folder.path, file))]);
      const { url } = nodes[i % 2]!;
      await operatorOf(url).call(routes.uploadModelFile, { params: { upload: 'u-1', file }, body });
    }
    const [first, second] = nodes as [NodeProcess, NodeProcess];
    const model = await operatorOf(second.url).call(routes.finishUpload, {
      params: { upload: 'u-1' },
      body: { granularity: 'block' },
    });
    expect(model.source).toMatch(/^upload:[0-9a-f]{64}$/);
    // Where runs of either find it.
    const whole = join(sharedDir, 'models', model.source.replace(':', '-'));
    expect((await readdir(whole)).toSorted()).toEqual(names);
    for (const name of names) {
      const { size } = await stat(join(whole, name));
      expect([name, size]).toEqual([name, (await stat(join(folder.path, name))).size]);
    }
    await rm(folder.path, { recursive: true });
    const again = operatorOf(first.url).call(routes.finishUpload, {
      params: { upload: 'u-1' },
      body: { granularity: 'block' },
    });
    await expect(again).rejects.toMatchObject({ code: 'bad-request' });
  }, 120_000);

  it('the owner is told to end: another one goes on at once', async () => {
    const { id, balancer } = await start({
      script: {
        train: async (client, work) => {
          await sleep(1000);
          await patient.train(client, work);
        },
      },
    });
    const owner = await untilOwned(id, () => true);
    const other = nodes.find((n) => n !== owner) ?? owner;
    await untilRun(other.url, id, (v) => v.rounds[0]?.phase === 'training', 'training');
    await watcher.query(`create table releases (node text)`);
    await watcher.query(`create function released() returns trigger language plpgsql as $$
      begin insert into releases values (current_setting('application_name')); return null; end $$`);
    // A lease that is renewed ends later.
    await watcher.query(`create trigger released after update on leases
      for each row when (new.lease_until = now()) execute function released()`);
    owner.signal('SIGTERM');
    balancer.avoid(owner.port);
    await untilOwned(id, (now) => now !== owner);
    // Not by waiting for the end of its lease.
    expect((await watcher.query('select node from releases')).rows).toEqual([{ node: owner.name }]);
    const end = await finished(other.url, id);
    allAnswered(end);
    expect(end.checkpoint).toEqual(alone);
  }, 120_000);

  it('the owner is killed in the middle of uploads: taken over, the same bytes', async () => {
    const { id, balancer } = await start({ stalls: true });
    const owner = await untilOwned(id, () => true);
    while (!balancer.stalled.includes(owner.port)) await sleep(20);
    const before = performance.now();
    owner.signal('SIGKILL');
    balancer.avoid(owner.port);
    balancer.release();
    await untilOwned(id, (now) => now !== owner);
    const seconds = (performance.now() - before) / 1000;
    const other = nodes.find((n) => n !== owner) ?? owner;
    const end = await finished(other.url, id);
    allAnswered(end);
    expect(end.checkpoint).toEqual(alone);
    console.info(`taken over after ${seconds.toFixed(1)} s`);
  }, 180_000);

  it.skipIf(s3Lacking)(
    `blobs in a bucket, which stands still for a while, and the owner is killed: the same bytes, and nothing is left over${s3Lacking}`,
    async () => {
      const s3 = await S3Server.start();
      try {
        const { id, balancer } = await start({ stalls: true, shared: JSON.stringify(s3.bucket) });
        const owner = await untilOwned(id, () => true);
        while (!balancer.stalled.includes(owner.port)) await sleep(20);
        owner.signal('SIGKILL');
        balancer.avoid(owner.port);
        s3.suspend();
        balancer.release();
        await sleep(3000);
        s3.awake();
        const other = nodes.find((n) => n !== owner) ?? owner;
        const end = await finished(other.url, id);
        allAnswered(end);
        expect(end.checkpoint).toEqual(alone);
        // All that is named is there, and what is there is named: updates and candidates are deleted.
        const { rows } = await watcher.query<{ sha256: string }>(
          `select distinct l.value ->> 'sha256' as sha256 from checkpoints,
             jsonb_each(layers || (select coalesce(jsonb_object_agg('state ' || key, value), '{}') from jsonb_each(optimizer))) l`,
        );
        const named = rows.map((r) => `blobs/${r.sha256}`).toSorted();
        await expect.poll(() => s3.keys(), patiently).toEqual(['shared-folder', ...named].toSorted());
      } finally {
        for (const node of nodes) await node.end();
        await s3.close();
      }
    },
    180_000,
  );

  it('the owner is suspended, and goes on when the run has another one: it changes nothing', async () => {
    const gates = { 2: new Gate(), 3: new Gate() };
    const { id, balancer } = await start({
      script: {
        train: async (client, work) => {
          if (client.id === 'c6' && (work.round === 2 || work.round === 3)) await gates[work.round].opened;
          await patient.train(client, work);
        },
      },
    });
    const owner = await untilOwned(id, () => true);
    const other = nodes.find((n) => n !== owner) ?? owner;
    const fiveOf = (round: number) => (v: RunView) =>
      v.rounds[round - 1]?.phase === 'training' && v.rounds[round - 1]?.updates === 5;
    await untilRun(other.url, id, fiveOf(2), 'five updates of round 2', 60_000);
    const before = performance.now();
    owner.signal('SIGSTOP');
    balancer.avoid(owner.port);
    await untilOwned(id, (now) => now !== owner);
    const seconds = (performance.now() - before) / 1000;
    gates[2].open();
    await untilRun(other.url, id, fiveOf(3), 'five updates of round 3', 60_000);
    const writes = await watchWrites();
    owner.signal('SIGCONT');
    // It was in the middle of round 2, and finds itself in that of round 3, with nothing to do but watch.
    await expect.poll(() => owner.lines.join(''), patiently).toContain('took this one for dead');
    await sleep(3000);
    expect(await writes()).toEqual([]);
    gates[3].open();
    const end = await finished(other.url, id);
    allAnswered(end);
    expect(end.checkpoint).toEqual(alone);
    await sleep(3000);
    const by = (await writes()) as { node: string }[];
    expect([...new Set(by.map((w) => w.node))]).toEqual([other.name]);
    // It is one of them again.
    balancer.use(owner.port);
    const seen = await operatorOf(owner.url).call(routes.run, { params: { run: id } });
    expect(seen.checkpoint).toEqual(alone);
    console.info(`taken over after ${seconds.toFixed(1)} s`);
  }, 180_000);
});
