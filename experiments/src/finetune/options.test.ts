import { describe, expect, it } from 'vitest';
import { UsageError } from '../experiment.ts';
import { parseOptions } from './options.ts';

describe('options of finetune', () => {
  it('are read with their defaults', () => {
    const options = parseOptions('--model deit-tiny --data there --side 96'.split(' '));
    expect(options).toMatchObject({ model: 'deit-tiny', data: 'there', side: 96, epochs: 3, layers: 'all' });
  });

  it('are refused when they make no sense', () => {
    for (const line of ['--data there', '--model cats --data there', '--model vit-nano --data x --fast 1']) {
      expect(() => parseOptions(line.split(' '))).toThrow(UsageError);
    }
  });
});
