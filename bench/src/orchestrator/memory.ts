import { readFile, writeFile } from 'node:fs/promises';
import { StrataError } from '@strata/fl-core/protocol';

/** What a process holds of the machine's memory (resident set), as Linux counts it. */
export class Memory {
  readonly #folder: string;

  constructor(pid: number) {
    this.#folder = `/proc/${pid}`;
  }

  /** Now, in MB (1e6 bytes). */
  now(): Promise<number> {
    return this.#read('VmRSS');
  }

  /** The most since the process began, or since {@link forget}, in MB. */
  peak(): Promise<number> {
    return this.#read('VmHWM');
  }

  /** What was reached until now does not count any more. */
  async forget(): Promise<void> {
    await writeFile(`${this.#folder}/clear_refs`, '5').catch(needLinux);
  }

  async #read(name: string): Promise<number> {
    const status = await readFile(`${this.#folder}/status`, 'utf8').catch(needLinux);
    const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
    return kilobytes === undefined ? needLinux() : (Number(kilobytes) * 1024) / 1e6;
  }
}

function needLinux(cause?: unknown): never {
  throw new StrataError(
    'unavailable',
    'The memory of the server could not be read.',
    'This benchmark reads /proc, which Linux has; run it there.',
    { cause },
  );
}
