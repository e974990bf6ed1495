import { StrataError } from '@strata/fl-core/protocol';
import { troubleOf } from '../failure.ts';

/** What became of one question of a lot. */
export type Outcome<A> = { readonly answer: A } | { readonly error: unknown };

export function outcomeOf<A>(work: () => A): Outcome<A> {
  try {
    return { answer: work() };
  } catch (error) {
    return { error };
  }
}

/** What becomes of a question for which no statement has failed: those fail the transaction of the whole lot. */
export async function settled<A>(work: () => Promise<A>): Promise<Outcome<A>> {
  try {
    return { answer: await work() };
  } catch (error) {
    if (error instanceof StrataError) return { error };
    throw error;
  }
}

interface Asked<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** Questions of one lot: as many as make the share of what they have in common small. */
const mostTogether = 64;
/** A lot that takes longer hangs, on a connection that nobody has told of its end, say; the next one goes past it. */
const patience = 10_000;

/**
 * Answers the questions of a crowd in lots: those that come while a lot is answered make up the next one. The database
 * takes one statement for many as fast as one for each, and one force to the disk instead of as many; who asks alone
 * waits for one turn of the event loop. What a lot reads, it reads after all of its questions were asked.
 */
export class Together<Q, A> {
  readonly #work: (key: string, questions: readonly Q[]) => Promise<readonly Outcome<A>[]>;
  readonly #patienceMs: number;
  readonly #waiting = new Map<string, Asked<Q, A>[]>();

  /**
   * @param work answers the questions of a lot, one outcome for each, in their order. What it throws is every question's
   *   error, if it comes of the server (`troubleOf`) or is a `StrataError`; otherwise one of them is to blame, and it is
   *   done again for each half, so that nobody's question fails of another's: it must be one that can be.
   */
  constructor(
    work: (key: string, questions: readonly Q[]) => Promise<readonly Outcome<A>[]>,
    patienceMs = patience,
  ) {
    this.#work = work;
    this.#patienceMs = patienceMs;
  }

  /** One lot at a time for each key, unless one hangs. */
  ask(key: string, question: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      const asked = { question, resolve, reject };
      const waiting = this.#waiting.get(key);
      if (waiting) {
        waiting.push(asked);
        return;
      }
      const first = [asked];
      this.#waiting.set(key, first);
      void this.#serve(key, first);
    });
  }

  async #serve(key: string, waiting: Asked<Q, A>[]): Promise<void> {
    // What comes together is answered together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) await this.#past(key, waiting.splice(0, mostTogether));
    this.#waiting.delete(key);
  }

  /**
   * When a lot is answered, or hangs: then whoever asked is told so and asks again, rather than wait for what may never
   * come. What becomes of the lot after all is found when it is asked about again.
   */
  async #past(key: string, lot: readonly Asked<Q, A>[]): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const hangs = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#patienceMs);
    }).then(() => {
      for (const { reject } of lot) reject(hung());
    });
    await Promise.race([this.#answer(key, lot), hangs]);
    clearTimeout(timer);
  }

  async #answer(key: string, lot: readonly Asked<Q, A>[]): Promise<void> {
    try {
      const questions = lot.map(({ question }) => question);
      const outcomes = await this.#work(key, questions);
      lot.forEach(({ resolve, reject }, i) => {
        const outcome = outcomes[i] ?? { error: new Error('a question of a lot was not answered') };
        if ('answer' in outcome) resolve(outcome.answer);
        else reject(outcome.error);
      });
    } catch (error) {
      const everybodys = error instanceof StrataError || troubleOf(error) !== null;
      if (everybodys || lot.length === 1) {
        for (const { reject } of lot) reject(error);
        return;
      }
      const half = lot.length >> 1;
      await this.#answer(key, lot.slice(0, half));
      await this.#answer(key, lot.slice(half));
    }
  }
}

const hung = () =>
  new StrataError(
    'unavailable',
    'The database has not answered for too long.',
    'Try again in a moment; the server goes on by itself.',
  );
