import { expect, it } from 'vitest';
import { runView } from '../testing/views.ts';
import { summaryLines } from './summary.ts';

it('says what will happen', () => {
  const { config } = runView({}, { budget: { unit: 'layers', amount: 3 }, rounds: 1 });
  expect(summaryLines(config, 12)).toEqual([
    '2 labels, told apart from images.',
    'Every participant trains 3 of 12 layers a round, and the head.',
    '1 round with 3 updates each; a round opens when 1 client is ready.',
    'No round waits for anybody longer than 25 min.',
  ]);
});

it('never promises more layers than the model has', () => {
  const { config } = runView({}, { budget: { unit: 'layers', amount: 30 } });
  expect(summaryLines(config, 4)[1]).toContain('4 of 4 layers');
  expect(summaryLines({ ...config, strategy: { name: 'full' } }, 4)[1]).toContain('all 4 layers');
});
