import { StrataError } from '@strata/fl-core/protocol';
import { expect, it } from 'vitest';
import { asStrataError } from './api.ts';

it('keeps typed errors and wraps others', () => {
  const typed = new StrataError('bad-config', 'a', 'b');
  expect(asStrataError(typed)).toBe(typed);
  expect(asStrataError(new TypeError('x')).message).toBe('x');
});
