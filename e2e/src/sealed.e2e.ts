import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { decodeWords, type RunConfigInput, SealedAnswer } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { expectAccessible } from './axe.ts';
import { RecordingProxy } from './recording-proxy.ts';
import { expect, test } from './test.ts';

/** Sealed rounds in real tabs: the server sees sums alone. */
test.describe.configure({ timeout: 300_000 });

const sealed = {
  strategy: { name: 'round-robin' },
  budget: { kind: 'fixed', unit: 'layers', amount: 1 },
  cohort: { goal: 8, minimum: 8, quorum: 0.5, grace: { share: 0, seconds: 1 } },
  rounds: 1,
  aggregation: {
    rule: { name: 'mean' },
    weightCap: null,
    sealing: { kind: 'sealed', atLeast: 5, samples: 100, seconds: 120 },
  },
} as const satisfies Partial<RunConfigInput>;

const strata = fileURLToPath(new URL('../../apps/cli/strata.mjs', import.meta.url));

const updates = /\/rounds\/\d+\/update$/;

/** Does this instead of the first masked upload of a tab, which by then has shared its secrets. */
async function insteadOfUpload(page: Page, act: () => Promise<unknown>): Promise<void> {
  let [begun, done] = [false, false];
  await page.context().route(updates, async (route) => {
    if (done) return route.continue();
    // First of all: what is only held back is let go when its page closes.
    await route.abort().catch(() => {});
    if (begun) return;
    begun = true;
    await act();
    done = true;
  });
}

test('eight tabs, two of them killed and one reloaded between sharing and upload: the round is committed, and of a tab only masked words leave', {
  tag: '@long',
}, async ({ world }) => {
  const run = await world.startRun(sealed);
  const proxy = await RecordingProxy.start(world.server.url);
  const before = (await world.api.run(run)).checkpoint;
  const query = (shard: number) => ({
    sample: 'emoji',
    shard: String(shard),
    of: '90',
    backend: 'wasm',
    seed: '1',
    name: `Tab ${shard}`,
    autostart: '1',
  });
  const pages: Page[] = [];
  for (let shard = 0; shard < 8; shard++) {
    const page = await world.newPage(`tab ${shard}`);
    pages.push(page);
    if (shard === 1 || shard === 2) await insteadOfUpload(page, () => page.close());
    if (shard === 3) await insteadOfUpload(page, () => page.reload());
    const origin = shard === 0 ? proxy.url : world.server.url;
    await page.goto(await world.joinLink(run, query(shard), origin));
  }
  // Everybody is shown the same participants, while the round goes on.
  const met = Promise.all(
    [0, 4, 5].map((shard) =>
      pages[shard]!.getByTestId('met').locator('p').first().textContent({ timeout: 120_000 }),
    ),
  );
  const view = await world.finished(run);
  const [round] = view.rounds;
  expect([round?.phase, round?.updates]).toEqual(['committed', 6]);
  expect(view.checkpoint.layers.head).not.toEqual(before.layers.head);
  const { members } = await world.api.round(run, 1);
  const byName = new Map(view.clients.map((c) => [c.id, c.name]));
  const lost = members.filter((m) => m.updateBytes === null).map((m) => byName.get(m.client));
  expect(lost.sort()).toEqual(['Tab 1', 'Tab 2']);
  for (const { scores, trainLoss, evaluation } of members)
    expect([scores, trainLoss, evaluation]).toEqual([null, null, null]);
  expect(round?.trainLoss).toBeGreaterThan(0);

  const words = await met;
  expect(words[0]?.split(' ')).toHaveLength(12);
  expect(new Set(words).size).toBe(1);

  const messages = proxy.sent
    .flatMap((s) => (s.kind === 'message' && s.text.startsWith('42/clients,') ? [s.text] : []))
    .map((text) => JSON.parse(text.slice(text.indexOf('['))) as [string, unknown]);
  const said = messages.filter(([name]) => name === 'sealed').map(([, message]) => message);
  const strict = said.map((message) => SealedAnswer.parse(message));
  expect(strict).toEqual(said); // with no field beside those that the protocol names
  expect(strict.map((s) => s.kind)).toEqual(['ready', 'shared', 'released']);
  expect(messages.map(([name]) => name)).not.toContain('probed');
  expect(messages.map(([name]) => name)).not.toContain('evaluated');
  // The person sees losses as they come; nobody else does.
  expect(messages.filter(([name]) => name === 'progress').length).toBeGreaterThan(0);
  expect(JSON.stringify(messages)).not.toContain('"loss"');
  const hellos = messages.filter(([name]) => name === 'hello').map(([, message]) => message);
  for (const hello of hellos)
    expect(z.looseObject({}).parse(hello)).toMatchObject({ samples: 1, heldOut: 0 });
  const uploads = proxy.sent.flatMap((s) => (s.kind === 'request' && s.method === 'PUT' ? [s.body] : []));
  expect(uploads).toHaveLength(1);
  const vectors = decodeWords(uploads[0]!);
  expect([...vectors.keys()].some((name) => name === 'head')).toBe(true);
  for (const [name, masked] of vectors) {
    if (masked.length < 100) continue;
    // Small changes make small words; under a mask three quarters of them are as large as this.
    const large = masked.filter((word) => Math.abs(word) > 2 ** 29).length;
    expect(large / masked.length, name).toBeGreaterThan(0.6);
  }
  await proxy.close();
  // What was stopped on the way is reported by the browser itself.
  expect(world.pageErrors.filter((e) => !/net::ERR_FAILED|Failed to load resource/.test(e))).toEqual([]);
});

test('five clients of `strata join` play three sealed rounds, and keep their keys for the next time', {
  tag: '@long',
}, async ({ world }) => {
  const run = await world.startRun({
    ...sealed,
    strategy: { name: 'gradient-norm' },
    cohort: { ...sealed.cohort, goal: 5, minimum: 5 },
    // of a layer of five at least three are left in 99 of 100 rounds: it is trained by all or by nobody
    aggregation: { ...sealed.aggregation, sealing: { ...sealed.aggregation.sealing, atLeast: 3 } },
    rounds: 3,
  });
  const state = await mkdtemp(join(tmpdir(), 'strata-sealed-'));
  const link = await world.joinLink(run);
  const words = [
    'join',
    link,
    '--sample',
    'emoji',
    '--clients',
    '5',
    '--backend',
    'wasm',
    '--state',
    state,
    '--json',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [strata, ...words], { maxBuffer: 2 ** 24 });
  const { clients } = JSON.parse(stdout);
  expect(clients).toHaveLength(5);
  for (const client of clients) expect(client).toMatchObject({ end: 'finished', roundsDone: 3 });
  const view = await world.api.run(run);
  expect(view.rounds.map((r) => [r.phase, r.updates])).toEqual([
    ['committed', 5],
    ['committed', 5],
    ['committed', 5],
  ]);
  // In the first round no gradient comes through a head of zeros; the scores summed in the second choose for the third.
  const [best] = Object.entries(view.rounds[1]!.importance).sort(([, a], [, b]) => b - a);
  expect(best![1]).toBeGreaterThan(0.25);
  for (const { mask } of (await world.api.round(run, 3)).members) expect(mask).toEqual([best![0]]);
  expect(view.rounds[0]?.accuracy).toBeGreaterThanOrEqual(0);
  expect(await readdir(join(state, 'sealed-keys'))).toHaveLength(5);
  await rm(state, { recursive: true });
});

test('the form says what cannot be sealed and finds settings that can; people are told what it means', {
  tag: '@long',
}, async ({ world }) => {
  const page = await world.operate('/operator/new');
  await page.getByTestId('seal').focus();
  await page.keyboard.press('Space');
  const conflicts = page.getByTestId('sealing-conflicts');
  await expect(conflicts).toContainText('of a sealed round the server has their sum alone');
  await page.getByTestId('create').click();
  await expect(page).toHaveURL(/new$/);
  await expectAccessible(page, 'form, sealing, conflicts');
  await conflicts.getByRole('button', { name: 'Use settings that fit' }).click();
  await expect(conflicts).toHaveCount(0);
  await expectAccessible(page, 'form, sealing');
  await page.getByTestId('create').click();
  await expect(page).toHaveURL(/runs\/run-/);
  await expect(page.getByText('Share keys')).toBeAttached();
  await expectAccessible(page, 'dashboard, sealed');

  const run = await world.startRun(sealed);
  const stranger = await world.newPage('stranger', { viewport: { width: 360, height: 740 } });
  await stranger.goto(await world.joinLink(run));
  await expect(stranger.getByTestId('sealed')).toContainText('the sum of at least 5 participants');
  await expectAccessible(stranger, 'join page, sealed');
  expect(world.pageErrors).toEqual([]);
});
