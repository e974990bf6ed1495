import { type ErrorBody, type Hello, type RunPublic, StrataError, type Work } from '@strata/fl-core/protocol';
import { backoffMs, type ControlPlane, remedy, sleep, unlessAborted } from '../index.ts';

export interface LinkEvents {
  /** The newest answer to "what is my work?", pushed, asked for or given with an acknowledgement. */
  work(work: Work): void;
  run(view: RunPublic): void;
  connected(up: boolean): void;
  /** The server does not want this client. */
  failed(error: unknown): void;
}

/** While waiting, the work is asked for this often: nothing depends on a push having arrived (R9). */
const recheckMs = 20_000;
/** How long a goodbye may take. */
const farewellMs = 3_000;

/**
 * A client's standing with the server through every lost connection and restart: says hello on each new
 * connection, makes the wish to pause or go on known until it has been heard, and keeps asking for the work.
 */
export class Link {
  readonly #control: ControlPlane;
  readonly #hello: Hello;
  readonly #events: LinkEvents;
  readonly #end = new AbortController();
  /** Resolves when `hello` has been answered on the present connection. */
  #welcome = deferred();
  /** Which connection this is; what an earlier one still answers does not count. */
  #connection = 0;
  #wish: 'pause' | 'resume' = 'resume';
  /** The wish that the server has acknowledged; null when it may have forgotten. */
  #heard: 'pause' | 'resume' | null = 'resume';
  #telling = false;

  constructor(control: ControlPlane, hello: Hello, events: LinkEvents) {
    this.#control = control;
    this.#hello = hello;
    this.#events = events;
  }

  open(): void {
    this.#control.open({
      connected: () => {
        this.#events.connected(true);
        void this.#greet(++this.#connection);
      },
      disconnected: () => {
        this.#connection++;
        if (this.#welcome.settled) this.#welcome = deferred();
        this.#events.connected(false);
      },
      refused: (error) => this.#events.failed(error),
      work: (work) => this.#take(work),
      run: (view) => this.#events.run(view),
    });
    void this.#recheck();
  }

  close(): void {
    this.#end.abort(new Error('the link is closed'));
    this.#control.close();
  }

  /** Settles while the server knows this client; rejects with the signal's reason. */
  async welcomed(signal: AbortSignal): Promise<void> {
    while (!this.#welcome.settled) await unlessAborted(this.#welcome.promise, signal);
  }

  /** Asks for the work until there is an answer. */
  async ask(signal: AbortSignal): Promise<Work> {
    for (let n = 0; ; n++) {
      await this.welcomed(signal);
      try {
        return await this.#control.work();
      } catch {
        await sleep(backoffMs(n), signal);
      }
    }
  }

  get wanted(): 'pause' | 'resume' {
    return this.#wish;
  }

  /** `pause`: no work after what is being done; `resume`: work again. Takes effect when the server hears it. */
  wish(want: 'pause' | 'resume'): void {
    this.#wish = want;
    void this.#tell();
  }

  /** Says goodbye, and why this device cannot go on where that is so; waits no longer than a moment for the answer. */
  async goodbye(why?: ErrorBody): Promise<void> {
    const said = this.#control
      .standing({ want: 'leave', ...(why === undefined ? {} : { why: inShort(why) }) })
      .catch(() => undefined);
    await Promise.race([said, this.#nap(farewellMs)]);
  }

  async #greet(connection: number): Promise<void> {
    for (let n = 0; connection === this.#connection && !this.#end.signal.aborted; n++) {
      try {
        const work = await this.#control.hello(this.#hello);
        if (connection !== this.#connection) return;
        // A restarted server may have lost a wish; an unspoken `resume` is what it assumes anyway.
        if (this.#wish === 'pause') this.#heard = null;
        this.#welcome.settle();
        this.#take(work);
        void this.#tell();
        return;
      } catch (error) {
        if (error instanceof StrataError && remedy(error) !== 'again') return this.#events.failed(error);
        await this.#nap(backoffMs(n));
      }
    }
  }

  #take(work: Work): void {
    if (this.#end.signal.aborted) return;
    if (work.kind === 'wait' && work.reason === 'you-paused' && this.#heard === 'resume') {
      // Paused before the tab was reloaded: it stays so until the person says otherwise.
      this.#wish = 'pause';
      this.#heard = 'pause';
    }
    this.#events.work(work);
  }

  async #tell(): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    for (let n = 0; this.#heard !== this.#wish && this.#welcome.settled; n++) {
      const want = this.#wish;
      try {
        const work = await this.#control.standing({ want });
        this.#heard = want;
        this.#take(work);
      } catch {
        await this.#nap(backoffMs(n));
      }
      if (this.#end.signal.aborted) break;
    }
    this.#telling = false;
  }

  async #recheck(): Promise<void> {
    for (;;) {
      await this.#nap(recheckMs);
      if (this.#end.signal.aborted) return;
      if (!this.#welcome.settled) continue;
      const work = await this.#control.work().catch(() => null);
      if (work !== null) this.#take(work);
    }
  }

  #nap(ms: number): Promise<void> {
    return sleep(ms, this.#end.signal).catch(() => undefined);
  }
}

/** As much of an error as the operator is told. */
const inShort = ({ code, message, hint }: ErrorBody): ErrorBody => ({
  code,
  message: message.slice(0, 500),
  hint: hint.slice(0, 500),
});

function deferred() {
  const state = { promise: Promise.resolve(), settled: false, settle: () => {} };
  state.promise = new Promise((resolve) => {
    state.settle = () => {
      state.settled = true;
      resolve();
    };
  });
  return state;
}
