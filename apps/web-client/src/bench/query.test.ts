import { describe, expect, it } from 'vitest';
import { benchQuery } from './query.ts';

describe('benchQuery', () => {
  it('reads what a link may say', () => {
    const search = 'size=small&parts=steps,products&models=small%20ViT,small BERT&autostart=1';
    expect(benchQuery(search)).toEqual({
      size: 'small',
      parts: ['steps', 'products'],
      models: ['small ViT', 'small BERT'],
      autostart: true,
    });
  });

  it.each(['', 'size=huge&parts=steps,nothing&models=&autostart=no', 'parts=,'])(
    'takes what makes no sense for absent: %j',
    (search) =>
      expect(benchQuery(search)).toEqual({
        size: undefined,
        parts: undefined,
        models: undefined,
        autostart: false,
      }),
  );
});
