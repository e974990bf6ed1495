import { StrataError } from '@strata/fl-core/protocol';

/** Where a command is told of, and how it is ended. */
export class Terminal {
  /** Aborted by ctrl-C. */
  readonly stopped: AbortSignal;
  /** Of the process: 1 where a command was refused. */
  exitCode = 0;
  readonly #out: (line: string) => void;
  readonly #err: (line: string) => void;

  /**
   * @param out takes lines that a command gives.
   * @param err takes lines that tell people how it goes.
   */
  constructor(stopped: AbortSignal, out: (line: string) => void, err: (line: string) => void) {
    this.stopped = stopped;
    this.#out = out;
    this.#err = err;
  }

  log(line: string): void {
    this.#err(line);
  }

  print(text: string): void {
    this.#out(text);
  }

  /** Prints what a command gives, as JSON or in words; a StrataError is told the same way, others are thrown. */
  async answer<T>(
    { json }: { readonly json?: true },
    given: () => Promise<T>,
    words: (value: T) => string,
  ): Promise<void> {
    try {
      const value = await given();
      this.#out(json ? JSON.stringify(value) : words(value));
    } catch (error) {
      if (!(error instanceof StrataError)) throw error;
      this.exitCode = 1;
      if (json) this.#out(JSON.stringify({ error: error.toBody() }));
      else this.#err(`${error.message}\n${error.hint}`);
    }
  }
}
