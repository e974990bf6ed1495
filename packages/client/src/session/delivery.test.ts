import { type Evaluated, StrataError } from '@strata/fl-core/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answer } from '../work/index.ts';
import { deliver, type Planes } from './delivery.ts';

const update: Answer = { kind: 'train', round: 3, update: Uint8Array.of(1, 2, 3), loss: 0.5 };
const message: Evaluated = { round: 3, loss: 1, accuracy: 0.5, samples: 4 };

/** A server (the boundary) that answers uploads with these failures, one after the other, and then takes them. */
function server(...failures: Error[]) {
  const uploads: [number, Uint8Array][] = [];
  const evaluated: Evaluated[] = [];
  let knock = async () => {};
  const planes: Planes = {
    link: { welcomed: async (signal) => signal.throwIfAborted() },
    control: {
      probed: () => Promise.reject(new Error('not asked')),
      evaluated: async (m) => {
        evaluated.push(m);
        return null;
      },
      sealed: () => Promise.reject(new Error('not asked')),
    },
    plane: {
      knock: () => knock(),
      upload: async (round, bytes) => {
        uploads.push([round, bytes.slice()]);
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return { sha256: '', bytes: bytes.byteLength, duplicate: uploads.length > 1 };
      },
    },
  };
  return {
    planes,
    uploads,
    evaluated,
    /** What the next knocks are answered with. */
    set onKnock(answer: () => Promise<void>) {
      knock = answer;
    },
  };
}

const refusal = (code: 'unavailable' | 'wrong-tensor') => new StrataError(code, 'refused', 'try this');
const never = () => new AbortController().signal;

describe('deliver', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('R4: sends the same bytes until they are acknowledged', async () => {
    const { planes, uploads } = server(new Error('connection lost'), refusal('unavailable'));
    const delivered = deliver(update, planes, never());
    await vi.runAllTimersAsync();
    await delivered;
    expect(uploads).toEqual([1, 2, 3].map(() => [3, Uint8Array.of(1, 2, 3)]));
  });

  it('waits between two attempts', async () => {
    const { planes, uploads } = server(new Error('connection lost'));
    const delivered = deliver(update, planes, never());
    await vi.advanceTimersByTimeAsync(200);
    expect(uploads).toHaveLength(1);
    await vi.runAllTimersAsync();
    await delivered;
    expect(uploads).toHaveLength(2);
  });

  it('throws what it was refused with, at once', async () => {
    const { planes, uploads } = server(refusal('wrong-tensor'));
    await expect(deliver(update, planes, never())).rejects.toMatchObject({ code: 'wrong-tensor' });
    expect(uploads).toHaveLength(1);
  });

  it('ends with the reason of the signal, and sends no more', async () => {
    const { planes, uploads } = server(new Error('connection lost'));
    const stop = new AbortController();
    const outcome = deliver(update, planes, stop.signal).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(200);
    stop.abort(new Error('the round is over'));
    await vi.runAllTimersAsync();
    expect(await outcome).toMatchObject({ message: 'the round is over' });
    expect(uploads).toHaveLength(1);
  });

  it('sends metrics over the control plane', async () => {
    const { planes, evaluated } = server();
    await deliver({ kind: 'evaluate', message }, planes, never());
    expect(evaluated).toEqual([message]);
  });

  /** What nobody of Strata's said. */
  const broken = () => new StrataError('unavailable', 'broken off', 'try', { cause: new Error('reset') });

  it('says within seconds what keeps an answer, and when it is over', async () => {
    const { planes } = server(broken());
    const told: (string | null)[] = [];
    const delivered = deliver(update, planes, never(), (trouble) => told.push(trouble?.message ?? null));
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(['broken off']);
    await vi.runAllTimersAsync();
    await delivered;
  });

  it('an upload that hangs while nothing gets through is said within 5 s, and that it goes on', async () => {
    const world = server();
    const told: (string | null)[] = [];
    let arrive = () => {};
    world.planes.plane.upload = () =>
      new Promise((resolve) => {
        arrive = () => resolve({ sha256: '', bytes: 3, duplicate: false });
      });
    world.onKnock = () => Promise.reject(broken());
    const delivered = deliver(update, world.planes, never(), (trouble) =>
      told.push(trouble?.message ?? null),
    );
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toEqual(['The server has not answered for some seconds.']);
    world.onKnock = async () => {};
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told.slice(1)).toEqual([null]);
    arrive();
    await delivered;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toHaveLength(2);
  });

  it('gives up uploads that break off each time while the server answers otherwise', async () => {
    const { planes, uploads } = server(...Array.from({ length: 20 }, broken));
    const outcome = deliver(update, planes, never()).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(await outcome).toMatchObject({ code: 'blocked' });
    expect(uploads).toHaveLength(5);
  });

  it('and not while the server is away, or says itself that it is busy', async () => {
    const away = server(...Array.from({ length: 20 }, broken));
    away.onKnock = () => Promise.reject(broken());
    const busy = server(...Array.from({ length: 20 }, () => refusal('unavailable')));
    const delivered = Promise.all([away, busy].map(({ planes }) => deliver(update, planes, never())));
    await vi.runAllTimersAsync();
    await delivered;
    expect(away.uploads).toHaveLength(21);
    expect(busy.uploads).toHaveLength(21);
  });
});
