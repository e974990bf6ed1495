import { defineRoute, json, StrataError } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isFromBetween, readAnswer } from './caller.ts';
import { remedy } from './remedy.ts';

const route = defineRoute({
  method: 'GET',
  path: '/things/:id',
  summary: 'A thing.',
  access: 'anybody',
  params: { id: z.string() },
  query: {},
  body: null,
  answer: json(z.object({ id: z.string() })),
  errors: [],
});

function refusal(status: number, text: string): StrataError {
  try {
    readAnswer(route, status, text);
  } catch (error) {
    if (error instanceof StrataError) return error;
  }
  throw new Error('was not refused');
}

describe('readAnswer', () => {
  it('gives the value', () => {
    expect(readAnswer(route, 200, '{"ok":true,"value":{"id":"a"}}')).toEqual({ id: 'a' });
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

  it('a proxy that takes no body of this size is no server to try again', () => {
    const html = '<html><title>413 Request Entity Too Large</title></html>';
    try {
      readAnswer(route, 413, html, 72_288);
    } catch (error) {
      expect(error).toMatchObject({ code: 'blocked', message: expect.stringContaining('73 kB') });
      expect(isFromBetween(error)).toBe(true);
      expect(remedy(error)).toBe('fatal');
    }
    expect.assertions(3);
  });

  it('a network that wants one to sign in is said to be none of Strata', () => {
    const error = refusal(200, '<html>Welcome to our hotel');
    expect(error).toMatchObject({ code: 'unavailable', hint: expect.stringContaining('sign in') });
    expect(isFromBetween(error)).toBe(true);
  });

  it('what Strata itself says is from no one in between', () => {
    const error = { code: 'unavailable', message: 'busy', hint: 'wait' };
    expect(isFromBetween(refusal(503, JSON.stringify({ ok: false, error })))).toBe(false);
  });
});
