import { samples } from '@strata/fl-core/data';
import { expect, test } from './test.ts';
import { tinyRun } from './world.ts';

/** The main job in real tabs. */
test('three tabs, three rounds on WebGPU: the loss falls, masks respect the budgets, the heatmap shows the scores the server holds', {
  tag: '@long',
}, async ({ world }) => {
  // All of their few pictures in every round, and the loss on these: on the ten that a tab holds out it is mostly chance.
  const run = await world.startRun({ local: { ...tinyRun.local, maxBatches: 4 } });
  const tabs = await Promise.all([0, 1, 2].map((shard) => world.join(run, shard)));
  const dashboard = await world.operate(`/operator/runs/${run}`);
  const view = await world.finished(run);

  expect(view.rounds.map((r) => r.phase)).toEqual(['committed', 'committed', 'committed']);
  expect(view.clients.map((c) => c.device.backend)).toEqual(['webgpu', 'webgpu', 'webgpu']);
  const losses = view.rounds.map((r) => r.trainLoss ?? Number.NaN);
  expect(losses[2]).toBeLessThan(losses[0] ?? Number.NaN);

  const details = await Promise.all(view.rounds.map((r) => world.api.round(run, r.round)));
  for (const member of details.flatMap((d) => d.members)) {
    expect(member.mask?.length).toBeLessThanOrEqual(2);
    expect(Object.keys(member.scores ?? {})).toHaveLength(4);
  }
  for (const round of view.rounds) {
    expect(round.bytesDown + round.bytesUp).toBeLessThan(round.bytesIfFull);
    for (const [layer, value] of Object.entries(round.importance)) {
      const cell = dashboard.locator(
        `[data-testid=importance-table] [data-round="${round.round}"][data-layer="${layer}"]`,
      );
      await expect(cell.first()).toHaveAttribute('data-value', String(value));
    }
  }

  for (const tab of tabs) {
    await tab.locator('[data-testid=ended][data-phase=over]').waitFor();
    await expect(tab.getByTestId('ended')).toHaveAttribute('data-rounds-done', '3');
    const last = Math.round(100 * (view.rounds[2]?.accuracy ?? Number.NaN));
    await expect(tab.getByTestId('ended')).toContainText(`On everyone’s together: ${last} %`);
  }
  expect(world.pageErrors).toEqual([]);
});

test('fine-tunes the sentence encoder on WebGPU', { tag: '@long' }, async ({ world }) => {
  const run = await world.startRun({
    name: 'Text',
    model: 'use-lite',
    data: { kind: 'text', sample: 'wordnet' },
    labels: [...samples.wordnet.labels],
    rounds: 1,
    cohort: { goal: 1, minimum: 1, quorum: 1 },
    local: { batchSize: 2, maxBatches: 1, probeBatches: 1, holdOut: 0.05 },
  });
  // A two-hundredth of the sample: SwiftShader takes its time.
  await world.join(run, 0, { sample: 'wordnet', of: '200' });
  const view = await world.finished(run);
  expect(view.rounds).toHaveLength(1);
  expect(view.rounds[0]).toMatchObject({ phase: 'committed', updates: 1 });
  expect(world.pageErrors).toEqual([]);
});
