import { readFile, writeFile } from 'node:fs/promises';
import { StrataError } from '@strata/fl-core/protocol';

/** What a process takes of the machine: memory (resident set) and processor, as Linux counts them. */
export class Usage {
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

  /** Seconds of processor time since it began, of all its threads; unlike the clock, hardly changed by neighbours. */
  async processorSeconds(): Promise<number> {
    const stat = await readFile(`${this.#folder}/stat`, 'utf8').catch(needLinux);
    // Behind the name, which may hold anything: user and system time, in hundredths of a second.
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) / 100;
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
    'What the server takes of the machine could not be read.',
    'This benchmark reads /proc, which Linux has; run it there.',
    { cause },
  );
}
