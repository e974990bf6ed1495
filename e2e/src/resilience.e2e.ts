import { ServerProcess } from '@strata/harness';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { serverOptions } from './server-options.ts';
import { tinyRun, World } from './world.ts';

/** Training that lasts some seconds: polling sees the phase, and a person's clicks or a page's load fit into it. */
const slow = { ...tinyRun.local, epochs: 80 };

/** What happens to tabs and servers in real life, on WebGPU. */
describe('tabs and servers come and go', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.enter();
  });
  afterEach(async () => {
    for (const context of world.browser.contexts()) await context.close();
  });
  afterAll(() => world.leave());

  it('R3: a tab closed in mid-round holds nobody up', async () => {
    const run = await world.startRun({ rounds: 1, local: slow });
    const tabs = await Promise.all([0, 1, 2].map((shard) => world.join(run, shard)));
    await world.inPhase(run, 'training');
    await tabs[2]?.context().close();
    const view = await world.finished(run, 90);
    expect(view.rounds.at(-1)).toMatchObject({ phase: 'committed', cohort: 3 });
    expect(view.rounds.at(-1)?.updates).toBeGreaterThanOrEqual(2);
  });

  it('R1: a tab that joins in mid-round is told to wait and takes part in the next', async () => {
    const run = await world.startRun({
      rounds: 2,
      cohort: { goal: 2, minimum: 1, quorum: 0.5 },
      local: slow,
    });
    await world.join(run, 0);
    await world.inPhase(run, 'training');
    const late = await world.join(run, 1);
    await late.locator('[data-testid=status][data-phase=waiting][data-reason=next-round]').waitFor();
    const view = await world.finished(run);
    expect(view.rounds.map((r) => r.cohort)).toEqual([1, 2]);
  });

  it('R8, R9: the server is killed in mid-round; a new start goes on and the tabs come back by themselves', async () => {
    // one of its own: the others' tests go on with the shared one
    const server = await ServerProcess.start(serverOptions);
    onTestFinished(() => server.dispose());
    const world = await World.enter(server);
    onTestFinished(() => world.leave());
    const run = await world.startRun({
      rounds: 2,
      cohort: { goal: 2, minimum: 2, quorum: 0.5 },
      local: slow,
    });
    await Promise.all([0, 1].map((shard) => world.join(run, shard)));
    await world.inPhase(run, 'training', 2);
    const before = await world.api.round(run, 1);
    await server.kill();
    await server.restart();
    const view = await world.finished(run);
    expect(view.rounds.filter((r) => r.phase === 'committed')).toHaveLength(2);
    const after = await world.api.round(run, 1);
    expect(after.checkpoint).toEqual(before.checkpoint);
    expect(after.members.map((m) => m.scores)).toEqual(before.members.map((m) => m.scores));
  });

  it('R9: a page refresh resumes as the same participant', async () => {
    const run = await world.startRun({
      rounds: 1,
      cohort: { goal: 2, minimum: 2, quorum: 1 },
      local: slow,
    });
    const [tab] = await Promise.all([0, 1].map((shard) => world.join(run, shard)));
    await world.inPhase(run, 'training');
    await tab?.reload();
    const view = await world.finished(run);
    expect(view.clients).toHaveLength(2);
    expect(view.rounds.map((r) => [r.phase, r.updates])).toEqual([['committed', 2]]);
  });

  it('C6: pause holds a tab, resume lets it go on, leave ends it', async () => {
    const run = await world.startRun({
      rounds: 2,
      cohort: { goal: 1, minimum: 1, quorum: 1 },
      local: slow,
    });
    const tab = await world.join(run, 0);
    await world.inPhase(run, 'training');
    await tab.getByTestId('pause').click();
    await tab.getByTestId('pause-after-round').click();
    await world.inPhase(run, 'committed');
    await tab.locator('[data-testid=status][data-phase=paused]').waitFor();
    expect((await world.api.run(run)).clients[0]?.paused).toBe(true);
    await tab.getByTestId('resume').click();
    await world.inPhase(run, 'training', 2);
    await tab.getByTestId('leave').click();
    await tab.getByTestId('leave-confirm').click();
    await tab.locator('[data-testid=ended][data-phase=left]').waitFor();
    await world.until(run, (v) => (v.clients[0]?.presence === 'left' ? true : undefined));
  });
});
