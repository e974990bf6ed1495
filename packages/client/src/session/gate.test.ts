import { expect, it } from 'vitest';
import { PauseGate } from './gate.ts';

it('C6: holds whoever waits while closed and lets everybody pass when opened', async () => {
  const gate = new PauseGate();
  const passed: string[] = [];
  const pass = (name: string) => gate.wait().then(() => passed.push(name));
  await pass('open');
  gate.close();
  gate.close();
  const held = [pass('a'), pass('b')];
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(passed).toEqual(['open']);
  expect(gate.closed).toBe(true);
  gate.open();
  await Promise.all(held);
  await pass('after');
  expect(passed).toEqual(['open', 'a', 'b', 'after']);
  expect(gate.closed).toBe(false);
});
