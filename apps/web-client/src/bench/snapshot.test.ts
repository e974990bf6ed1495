import { StrataError } from '@strata/fl-core/protocol';
import type { GpuRow } from '@strata/gpu-bench';
import { describe, expect, it } from 'vitest';
import { crashOf } from './errors.ts';
import type { FromWorker } from './messages.ts';
import { after, type BenchSnapshot, initialSnapshot, isOver, progressOf, reportOf } from './snapshot.ts';

const adapter: GpuRow = {
  part: 'adapter',
  name: 'SwiftShader',
  vendor: 'google',
  device: '',
  architecture: 'swiftshader',
  software: true,
  features: [],
  limits: {},
};
const failed = (what: string): GpuRow => ({ part: 'failed', by: 'strata', what, reason: 'Out of memory' });
const plan: FromWorker = {
  kind: 'plan',
  planned: [
    { part: 'limit', what: 'copy' },
    { part: 'step', what: 'small ViT, full' },
  ],
};
const told = (...messages: FromWorker[]): BenchSnapshot => messages.reduce(after, initialSnapshot(0));
const row = (of: GpuRow): FromWorker => ({ kind: 'row', row: of });

describe('a measurement', () => {
  it('says what is measured now and how many rows came, failed ones among them', () => {
    expect(progressOf(told(row(adapter)))).toBeNull();
    const begun = told(row(adapter), plan);
    expect(progressOf(begun)).toEqual({ done: 0, total: 2, now: { part: 'limit', what: 'copy' } });
    const later = after(begun, row(failed('copy')));
    expect(progressOf(later)).toEqual({ done: 1, total: 2, now: { part: 'step', what: 'small ViT, full' } });
    expect(isOver(later)).toBe(false);
  });

  it('never passes its total', () => {
    const more = told(row(adapter), plan, row(failed('a')), row(failed('b')), row(failed('c')));
    expect(progressOf(more)).toEqual({ done: 2, total: 2, now: null });
  });

  it('keeps its rows when the worker crashes', () => {
    const crashed = told(row(adapter), { kind: 'crashed', error: crashOf(new Error('Gone')) });
    expect(crashed).toMatchObject({ state: 'failed', rows: [adapter], error: { message: 'Gone' } });
    expect(isOver(crashed)).toBe(true);
  });

  it('is told as one object of JSON', () => {
    expect(JSON.parse(reportOf(told(row(adapter), { kind: 'done' }), 'A browser'))).toEqual({
      bench: 'gpu',
      where: 'browser',
      userAgent: 'A browser',
      date: '1970-01-01T00:00:00.000Z',
      rows: [adapter],
    });
  });
});

it('does not send people to the processor, which is not what is measured', () => {
  const lost = new StrataError('unavailable', 'No card.', 'Add ?backend=wasm to the address.');
  expect(crashOf(lost)).toMatchObject({ code: 'unavailable', message: 'No card.' });
  expect(crashOf(lost).hint).not.toContain('backend');
  expect(crashOf(new StrataError('unavailable', 'No card.', 'Insert one.')).hint).toBe('Insert one.');
});
