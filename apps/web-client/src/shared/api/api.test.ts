import { StrataError } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asStrataError, readAnswer } from './api.ts';

const schema = z.object({ id: z.string() });

function refusal(status: number, text: string): StrataError {
  try {
    readAnswer(schema, status, text);
  } catch (error) {
    if (error instanceof StrataError) return error;
  }
  throw new Error('was not refused');
}

describe('readAnswer', () => {
  it('gives the value', () => {
    expect(readAnswer(schema, 200, '{"ok":true,"value":{"id":"a"}}')).toEqual({ id: 'a' });
  });

  it('turns an error answer into the same typed error', () => {
    const error = { code: 'unknown-run', message: 'there is no run x', hint: 'see the list' };
    expect(refusal(404, JSON.stringify({ ok: false, error })).toBody()).toEqual(error);
  });

  it('names the field of an answer of another version', () => {
    const error = refusal(200, '{"ok":true,"value":{"id":7}}');
    expect(error.code).toBe('bad-message');
    expect(error.message).toContain('id');
  });

  it('says the status of an answer that is not JSON', () => {
    expect(refusal(502, '<html>').message).toContain('502');
  });
});

it('keeps typed errors and wraps others', () => {
  const typed = new StrataError('bad-config', 'a', 'b');
  expect(asStrataError(typed)).toBe(typed);
  expect(asStrataError(new TypeError('x')).message).toBe('x');
});
