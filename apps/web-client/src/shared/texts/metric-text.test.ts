import { TaskName } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { lossText, metricText, metricTitle, resultText } from './metric-text.ts';

describe('the words for accuracy', () => {
  it.each([
    ['classification', 'Accuracy'],
    ['sequence-pair', 'Accuracy'],
    ['multi-label', 'Label agreement'],
    ['next-token', 'Next tokens right'],
  ] as const)('of %s is %s', (task, title) => {
    expect(metricTitle(task)).toBe(title);
    expect(metricText(task).meaning).toMatch(new RegExp(`^${title}`));
  });

  it('says what came of it, with one number or with two', () => {
    for (const task of TaskName.options) {
      expect(resultText(task, 0.5, 0.5)).toMatch(/50 %/);
      expect(resultText(task, 0.25, 0.5)).toMatch(/25 %.*50 %/);
    }
    expect(resultText('classification', 0.25, 0.5)).toBe(
      'On your unseen examples the model went from 25 % to 50 % right.',
    );
  });

  it('has perplexity only where tokens are predicted', () => {
    expect(lossText('next-token', Math.log(12.34))).toBe('perplexity 12.3');
    expect(lossText('next-token', Math.log(50_257))).toBe('perplexity 5.0e+4');
    expect(lossText('classification', 1)).toBeNull();
    expect(lossText('multi-label', 1)).toBeNull();
  });
});
