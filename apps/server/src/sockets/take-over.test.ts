import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gate, gated, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

/** A client is one tab's or device's at a time. */

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

describe('the same client from a second device', () => {
  it('goes on there in mid-round; the first one is told so and stays away, until it is asked to go on', async () => {
    const gate = new Gate();
    const crew = await startCrew(server, [{}, {}, { train: gated(gate) }], {
      rounds: 1,
      deadlines: { probing: 120, training: 120, evaluating: 120 },
      cohort: { goal: 3, minimum: 3, quorum: 0.5, grace: { seconds: 60 } },
    });
    const { id: run, config, clients } = crew;
    const first = clients[2]!;
    await first.until((work) => work.kind === 'train', 'training');
    const { id, secret, samples } = first;
    const second = server.client({ run, id, secret, config, samples, script: { train: gated(gate) } });
    expect(await second.join()).toMatchObject({ kind: 'train', round: 1 });
    await expect.poll(() => first.dismissals, { timeout: 10_000 }).toMatchObject([{ code: 'taken-over' }]);
    expect([first.connected, second.connected]).toEqual([false, true]);
    expect((await server.view(run)).clients).toHaveLength(3);

    await first.join();
    await expect.poll(() => second.dismissals, { timeout: 10_000 }).toMatchObject([{ code: 'taken-over' }]);
    expect([first.connected, second.connected]).toEqual([true, false]);
    gate.open();
    const view = await server.until(run, (v) => v.state === 'finished', 'the end', 90_000);
    // Both had trained; of the one client one update counts.
    expect(view.rounds[0]).toMatchObject({ phase: 'committed', updates: 3 });
  }, 120_000);

  it('another connection of the same tab is no second device: the older one ends without a word', async () => {
    const { id: run, config, clients } = await startCrew(server, [{}], { rounds: 1 });
    const { secret } = clients[0]!;
    const options = { run, id: 'twice', config, secret, tab: 'one' };
    const lost = server.client(options);
    await lost.join();
    const again = server.client(options);
    // It would come back at once, and take the place of the other.
    const ended = lost.disconnection().then(() => lost.drop());
    await again.join();
    await ended;
    expect(lost.dismissals).toEqual([]);
    expect(again.connected).toBe(true);
  });
});
