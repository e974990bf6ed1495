import { expect, it } from 'vitest';
import { play } from './play.ts';
import { config, planOf, played } from './testing.ts';

it('a client that is late for a round and is not in the next one hands nothing in', async () => {
  const asked = config({
    rounds: 8,
    cohort: { goal: 2, minimum: 2, quorum: 0.5, grace: { share: 0, seconds: 0 } },
    deadlines: { probing: 1, training: 1, evaluating: 1 },
  });
  // Speeds from a tenth to ten times: the slow ones miss the second that training lasts.
  const run = played(play, asked, planOf({ devices: { msPerSample: 200, speedSigma: 2 } }));
  expect((await run.end()).kind).toBe('finished');
  const late = run.rows.filter(({ masks, trained }) => trained.length < Object.keys(masks).length);
  expect(run.rows).toHaveLength(8);
  expect(late.length).toBeGreaterThan(0);
});
