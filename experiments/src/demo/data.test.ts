import { describe, expect, it } from 'vitest';
import { demoData } from './data.ts';
import { parseOptions } from './options.ts';

describe('the built-in data of a demo', () => {
  it.each([
    ['use-lite', undefined, 'wordnet'],
    ['vit-mini', undefined, 'emoji'],
    ['vit-mini', 'fashion-mnist', 'fashion-mnist'],
  ])('of %s asked for %s is %s', async (model, asked, sample) => {
    const argv = ['--model', model, ...(asked === undefined ? [] : ['--sample', asked])];
    expect(await demoData(parseOptions(argv))).toMatchObject({ kind: 'sample', sample });
  });

  it("must be of the model's kind", async () => {
    const options = parseOptions(['--model', 'vit-mini', '--sample', 'wordnet']);
    await expect(demoData(options)).rejects.toThrow(
      '--sample: vit-mini takes images, and wordnet holds texts.',
    );
  });
});
