import { StrataError } from '@strata/fl-core/protocol';
import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { explainTrouble, loggable, troubleOf } from './failure.ts';

const coded = (code: string, message = 'no') => Object.assign(new Error(message), { code });

describe('troubleOf', () => {
  it.each([
    ['a terminated session', coded('57P01'), 'database'],
    ['a database that starts', coded('57P03'), 'database'],
    [
      'one closed to connections',
      coded('55000', 'database "x" is not currently accepting connections'),
      'database',
    ],
    ['another 55000', coded('55000', 'cannot do that'), null],
    ['a cancelled query', coded('57014'), null],
    ['a broken pipe', coded('EPIPE'), 'database'],
    ['what pg says without a code', new Error('Connection terminated unexpectedly'), 'database'],
    ['what drizzle wraps', new DrizzleQueryError('q', [], coded('ECONNREFUSED')), 'database'],
    ['several addresses that refuse', new AggregateError([coded('ECONNREFUSED')]), 'database'],
    ['a full disk', coded('ENOSPC'), 'disk'],
    ['PostgreSQL on one', new DrizzleQueryError('q', [], coded('53100')), 'disk'],
    ['a unique value that is taken', coded('23505'), null],
    ['a missing file', coded('ENOENT'), null],
    ['nothing', undefined, null],
    // The server's database is not what a download failed of.
    ['a failed download', new StrataError('unavailable', 'm', 'h', { cause: coded('ECONNREFUSED') }), null],
  ])('%s', (_, error, trouble) => expect(troubleOf(error)).toBe(trouble));
});

it('callers are told what it is and what to do, not how the database is reached', () => {
  const away = explainTrouble(coded('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.7:5432'));
  expect(away?.code).toBe('unavailable');
  expect(JSON.stringify(away?.toBody())).not.toContain('10.0.0.7');
  expect(explainTrouble(coded('ENOSPC'))).toMatchObject({
    code: 'no-space',
    hint: expect.stringMatching(/later/),
  });
  expect(explainTrouble(new Error('other'))).toBeNull();
});

it('logs have what the database said, and not what was to be written', () => {
  const said = coded('57P01', 'terminating connection');
  expect(loggable(new DrizzleQueryError('insert', ['secret'], said))).toBe(said);
  expect(loggable(said)).toBe(said);
});
