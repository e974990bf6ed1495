import { describe, expect, it } from 'vitest';
import { betweenBatches, betweenUnits, finish, type Job, type JobControl } from './progress.ts';

async function* counting(to: number, control: JobControl): Job<number> {
  for (let i = 1; i <= to; i++) {
    await betweenBatches(control);
    yield { fraction: i / to };
  }
  return to;
}

describe('job control (C6)', () => {
  it('runs to the end and reports on the way', async () => {
    const fractions: number[] = [];
    const result = await finish(counting(4, {}), (p) => fractions.push(p.fraction));
    expect(result).toBe(4);
    expect(fractions).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('lets messages be handled between batches', async () => {
    const { port1, port2 } = new MessageChannel();
    let handled = false;
    port1.on('message', () => {
      handled = true;
    });
    port2.postMessage('pause');
    // A message of another context takes a few turns to arrive, which a job has many of.
    for (let batch = 0; batch < 5; batch++) await betweenBatches();
    port1.close();
    expect(handled).toBe(true);
  });

  it('lets timers that are due run between batches', async () => {
    let ran = false;
    setTimeout(() => {
      ran = true;
    }, 1);
    const start = performance.now();
    while (performance.now() - start < 3);
    await betweenBatches();
    await betweenBatches();
    expect(ran).toBe(true);
  });

  it('keeps its place while paused', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const seen: number[] = [];
    let paused = false;
    const job = finish(counting(3, { gate: () => (paused ? gate : Promise.resolve()) }), (p) => {
      seen.push(p.fraction);
      paused = true;
    });
    await new Promise((r) => setTimeout(r, 20));
    expect(seen).toEqual([1 / 3]);
    paused = false;
    open();
    expect(await job).toBe(3);
    expect(seen).toEqual([1 / 3, 2 / 3, 1]);
  });

  it('ends with the reason of the abort, even while paused', async () => {
    const controller = new AbortController();
    const gate = () => new Promise<void>(() => {});
    const job = finish(counting(3, { signal: controller.signal, gate }));
    setTimeout(() => controller.abort(new Error('left')), 5);
    await expect(job).rejects.toThrow('left');
    await expect(finish(counting(3, { signal: controller.signal }))).rejects.toThrow('left');
  });

  it('lets others run between small units now and then, and ends at once', async () => {
    let turns = 0;
    const controller = new AbortController();
    const gate = async () => {
      turns += 1;
    };
    const often = betweenUnits({ gate }, 0);
    for (let i = 0; i < 5; i++) await often();
    expect(turns).toBe(5);
    const seldom = betweenUnits({ gate, signal: controller.signal }, 60_000);
    for (let i = 0; i < 5; i++) await seldom();
    expect(turns).toBe(6);
    controller.abort(new Error('left'));
    await expect(seldom()).rejects.toThrow('left');
  });
});
