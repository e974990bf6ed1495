import { chooseBackend } from '@strata/fl-core/training';
import { play } from './play.ts';

await chooseBackend({ force: 'cpu' });
for (const { round, loss, accuracy, masks, head } of await play({ participants: 3, rounds: 3, seed: 1 })) {
  console.log(
    `round ${round}: loss ${loss?.toFixed(3)}, accuracy ${accuracy?.toFixed(2)}, head ${head.slice(0, 12)}`,
  );
  for (const [participant, mask] of Object.entries(masks))
    console.log(`  ${participant} trained ${mask.join(', ')}`);
}
