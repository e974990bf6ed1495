import { strategies } from '@strata/fl-core/selection';
import { describe, expect, it } from 'vitest';
import { parseOptions, usage } from './options.ts';

describe('demo options', () => {
  it('takes the documented command line', () => {
    const options = parseOptions(
      '--clients 4 --rounds 5 --model deit-tiny --strategy strata --lambda 1 --budget 2 --backend webgpu --seed 1 --json'.split(
        ' ',
      ),
    );
    expect(options).toMatchObject({
      clients: 4,
      rounds: 5,
      model: 'deit-tiny',
      lambda: 1,
      backend: 'webgpu',
      json: true,
    });
  });

  it('keeps the model only where a folder is named', () => {
    expect(parseOptions(['--keep', 'models']).keep).toBe('models');
    expect(parseOptions([]).keep).toBeUndefined();
    expect(() => parseOptions(['--keep', ''])).toThrow('--keep');
  });

  it('has a value for everything that has a default', () => {
    expect(parseOptions([])).toMatchObject({
      clients: 4,
      rounds: 5,
      model: 'use-lite',
      strategy: 'strata',
      seed: 1,
    });
  });

  it('starts from the pretrained weights unless random ones are asked for', () => {
    expect(parseOptions(['--model', 'vit-mini']).initial).toBe('pretrained');
    const random = parseOptions('--model vit-mini --initial random --sample fashion-mnist'.split(' '));
    expect(random).toMatchObject({ model: 'vit-mini', initial: 'random', sample: 'fashion-mnist' });
  });

  it.each(strategies.map((s) => s.name))('knows the strategy %s, and says so', (name) => {
    expect(parseOptions(['--strategy', name]).strategy).toBe(name);
    expect(usage).toMatch(new RegExp(`[ |]${name}( \\||\n)`));
  });

  it.each([
    [['--strategy', 'best'], '--strategy'],
    [['--clients', '0'], '--clients'],
    [['--model', 'gpt-9'], '--model'],
    [['--initial', 'pretraind'], '--initial'],
    [['--sample', 'mnist'], '--sample'],
    [['--colour', 'red'], '--colour'],
    [['--rounds', '2.5'], '--rounds'],
  ])('refuses %j and names the option', (argv, named) => {
    expect(() => parseOptions(argv)).toThrow(named);
  });
});
