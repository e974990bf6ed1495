import { describe, expect, it } from 'vitest';
import { Hello } from './messages.ts';
import { PlainLines, plainLine } from './plain-text.ts';
import { LayerName } from './run.ts';

const hello = (name: string, reason = 'a test', adapter = '') =>
  Hello.parse({
    name,
    device: { backend: 'cpu', reason, adapter },
    samples: 1,
    heldOut: 1,
  });

describe('what people call themselves', () => {
  it.each([
    ['Ada\nRound 3 was committed.', 'Ada Round 3 was committed.'],
    ['a\r\n\tb', 'a b'],
    ['a\u0000b', 'a b'],
    ['\u202eabc\u2066', 'abc'],
    ['half \ud800 of a pair', 'half  of a pair'],
    ['line\u2028break', 'line break'],
    ['  \n ', ''],
    ['Zoë 👩‍🔬 李 عمر', 'Zoë 👩‍🔬 李 عمر'],
  ])('%j is %j', (given, kept) => {
    const { name, device } = hello(given, given, given);
    expect(name).toBe(kept);
    expect(device).toMatchObject({ reason: kept, adapter: kept });
  });

  it('is measured after it was cleaned, and not cut', () => {
    expect(hello('\u202e'.repeat(90)).name).toBe('');
    expect(() => hello('a'.repeat(81))).toThrow();
  });
});

it('a text keeps its lines', () => {
  expect(PlainLines(100).parse(' one\r\ntwo\u0000\u202e\n\tthree ')).toBe('one\ntwo\n\tthree');
});

it('a line that is plain stays as it is', () => {
  expect(plainLine('block.1 of 12: 3 %')).toBe('block.1 of 12: 3 %');
});

it.each(['a\u0000', 'a\ud800', 'a\nb'])('no layer is called %j', (name) => {
  expect(LayerName.safeParse(name).success).toBe(false);
});
