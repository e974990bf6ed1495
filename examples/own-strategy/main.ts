import { compare, problem } from './compare.ts';

for (const { name, masks, agreement, covered, e1, e2 } of compare(problem)) {
  const figures = { agreement, covered, E1: e1, E2: e2 };
  const shown = Object.entries(figures).map(([what, value]) => `${what} ${value?.toFixed(2) ?? '-'}`);
  console.log(`${name}: ${shown.join(', ')}`);
  for (const [client, mask] of Object.entries(masks)) console.log(`  ${client.padEnd(8)} ${mask.join(', ')}`);
}
