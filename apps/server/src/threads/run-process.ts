import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bundled } from './bundle.ts';

/**
 * Runs a TypeScript module in a Node process of its own until it ends, for work whose memory is wanted back: a thread's
 * WebAssembly and heaps stay with the process in part. Throws with the process's own words when it fails.
 * @param flags of Node and V8.
 * @param args what the module finds in `process.argv` from 2 on.
 */
export async function runProcess(
  module: URL,
  flags: readonly string[],
  args: readonly string[],
): Promise<void> {
  const address = await bundled(module);
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-', ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000);
  });
  // A child that is gone early does not read to the end; its exit says what happened.
  child.stdin.on('error', () => {});
  child.stdin.end(`await import(${JSON.stringify(address)});`);
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`a process of the server ended with ${signal ?? code}: ${words.trim()}`);
}
