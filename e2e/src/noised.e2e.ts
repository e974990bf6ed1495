import type { Page } from '@playwright/test';
import { decodeSafetensors, decodeWords, SealedAnswer } from '@strata/fl-core/protocol';
import { distributedEpsilon } from '@strata/fl-core/rounds';
import { z } from 'zod';
import { expectAccessible } from './axe.ts';
import { RecordingProxy } from './recording-proxy.ts';
import { expect, test } from './test.ts';

/** A sealed run whose participants add the noise themselves, in as few tabs as one may have: what its pages promise is kept. */
test.describe.configure({ timeout: 580_000 });

const privacy = { kind: 'distributed', epsilon: 4, delta: 0.01, clip: 1, noise: 1.8, colluding: 1 } as const;

/** Fields of messages that say how somebody's data are, were they sent. */
const figures = /"(loss|accuracy|scores|trainLoss|heldOutSamples|classes)":/;

test('three tabs clip, noise and seal until another round would pass epsilon: pages and server say the same, and of nobody is there a figure', {
  tag: '@long',
}, async ({ world }) => {
  const run = await world.startRun({
    strategy: { name: 'head-only' },
    rounds: 10,
    aggregation: {
      rule: { name: 'mean' },
      weightCap: null,
      sealing: { kind: 'sealed', atLeast: 3, samples: 100, seconds: 120 },
    },
    privacy,
  });
  const { config } = await world.api.run(run);

  const stranger = await world.newPage('stranger', { viewport: { width: 360, height: 740 } });
  await stranger.goto(await world.joinLink(run));
  await expect(stranger.getByTestId('sealed')).toContainText('with noise. Each number is masked');
  await expect(stranger.getByTestId('sealed')).not.toContainText('how well the model does');
  const guarantee = stranger.getByTestId('guarantee');
  await expect(guarantee).toContainText('adds noise to them, before they are sealed');
  await expect(guarantee).toContainText('is right in at most 99 of 100 cases');
  await expect(guarantee).toContainText(
    'holds for who runs the server, too (differential privacy, ε 4, δ 0.01',
  );
  await expect(guarantee).toContainText('also where 1 of those whose changes are mixed work with the server');
  await expectAccessible(stranger, 'join page, noised and sealed');

  const dashboard = await world.operate(`/operator/runs/${run}`);
  const spent = dashboard.locator('[data-figure=privacy]');
  await expect(spent).toContainText('ε 0.00');
  const proxy = await RecordingProxy.start(world.server.url);
  const tabs: Page[] = [];
  for (const shard of [0, 1, 2]) {
    const page = await world.newPage(`tab ${shard}`);
    tabs.push(page);
    const query = { sample: 'emoji', shard: String(shard), of: '90', backend: 'wasm', seed: '1' };
    const own = { ...query, name: `Tab ${shard}`, autostart: '1' };
    await page.goto(await world.joinLink(run, own, shard === 0 ? proxy.url : world.server.url));
  }
  await world.until(run, (v) => (v.committed >= 1 ? v : undefined));
  await expect(tabs[0]!.getByTestId('contribution')).toContainText('Rounds you helped');
  await expectAccessible(tabs[0]!, 'live, noised and sealed');

  const view = await world.until(run, (v) => (v.state === 'stopped' ? v : undefined), 250);
  expect(view.reason).toMatch(/^The privacy budget is spent/);
  expect(view.committed).toBeGreaterThan(1);
  // What the accountant says of so many sums with everybody's parts, by the run's configuration alone.
  const epsilon = distributedEpsilon(config, privacy, view.committed);
  expect(view.spent).toEqual({ epsilon, models: view.committed });
  expect(epsilon).toBeLessThanOrEqual(4);
  expect(distributedEpsilon(config, privacy, view.committed + 1)).toBeGreaterThan(4);
  await expect(spent).toContainText(`ε ${epsilon.toFixed(2)}`);
  await expect(spent).toContainText(`of 4 · δ 0.01 · ${view.committed} models sent`);

  // Of nobody is there a figure, neither in what the page shows nor in what it is told.
  for (const { loss, accuracy, trainLoss, medianAccuracy } of view.rounds)
    expect([loss, accuracy, trainLoss, medianAccuracy]).toEqual([null, null, null, null]);
  const { members } = await world.api.round(run, view.committed);
  expect(members).toHaveLength(3);
  for (const { samples, scores, trainLoss, evaluation } of members)
    expect([samples, scores, trainLoss, evaluation]).toEqual([1, null, null, null]);
  await expect(dashboard.locator('[data-figure=accuracy]')).toContainText('stay on the devices');
  await expect(dashboard.locator('[data-figure=loss]')).toContainText('stay on the devices');
  await expect(dashboard.getByTestId('learning')).toContainText('stay on the devices');
  await expect(dashboard.getByTestId('members').getByRole('columnheader')).toHaveText([
    'Participant',
    'State',
    'Received',
    'Sent',
  ]);
  await expectAccessible(dashboard, 'dashboard, noised and sealed');

  const head = async (round: number): Promise<number[]> => {
    const { checkpoint } = await world.api.round(run, round);
    const answer = await fetch(`${world.server.url}/blobs/${checkpoint?.layers.head?.sha256}`, {
      headers: { authorization: `Bearer ${world.server.token}` },
    });
    const { tensors } = decodeSafetensors(new Uint8Array(await answer.arrayBuffer()));
    return tensors.flatMap((t) => [...t.data]);
  };

  // All that left a tab.
  const messages = proxy.sent
    .flatMap((s) => (s.kind === 'message' && s.text.startsWith('42/clients,') ? [s.text] : []))
    .map((text) => JSON.parse(text.slice(text.indexOf('['))) as [string, unknown]);
  for (const [name, message] of messages)
    expect([name, JSON.stringify(message)]).not.toEqual([name, expect.stringMatching(figures)]);
  const named = (wanted: string) =>
    messages.filter(([name]) => name === wanted).map(([, message]) => message);
  expect([...named('probed'), ...named('evaluated')]).toEqual([]);
  for (const hello of named('hello'))
    expect(z.looseObject({}).parse(hello)).toMatchObject({ samples: 1, heldOut: 0 });
  const kinds = named('sealed').map((message) => SealedAnswer.parse(message).kind);
  expect(kinds).toEqual(Array(view.committed).fill(['ready', 'shared', 'released']).flat());
  const uploads = proxy.sent.flatMap((s) => (s.kind === 'request' && s.method === 'PUT' ? [s.body] : []));
  expect(uploads).toHaveLength(view.committed);
  for (const upload of uploads) expect([...decodeWords(upload).keys()]).toEqual(['head']);
  await proxy.close();

  // The models are mostly noise: three parts of (z S)^2 / 2 each on every value of a sum, which is divided by three.
  const [before, after] = [await head(view.committed - 1), await head(view.committed)];
  const changes = after.map((v, i) => v - before[i]!);
  const variance = changes.reduce((sum, v) => sum + v * v, 0) / changes.length;
  const { clip, noise, colluding } = privacy;
  const expected = (3 * (noise * clip) ** 2) / (3 - colluding) / 3 ** 2;
  expect(variance / expected).toBeGreaterThan(0.5);
  expect(variance / expected).toBeLessThan(2);
  expect(world.pageErrors).toEqual([]);
});
