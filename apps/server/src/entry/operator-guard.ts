import { StrataError } from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { Allowance } from './allowance.ts';
import { hashSecret, sameHash } from './secrets.ts';

/** Tells the operator from others, by the token; an address that guesses is slowed down, and logged. */
export class OperatorGuard {
  readonly #wanted: string;
  readonly #allowance: Allowance;
  readonly #log: Pick<FastifyBaseLogger, 'warn'>;

  constructor(token: string, allowance: Allowance, log: Pick<FastifyBaseLogger, 'warn'>) {
    this.#wanted = hashSecret(token);
    this.#allowance = allowance;
    this.#log = log;
  }

  /** Throws `unauthorized`, or `rate-limited` without having looked at the token. */
  check(token: string, address: string): void {
    // A page without a token asks, too: that is nobody's guess, and no news.
    if (token !== '') {
      this.#allowance.guess(address);
      if (sameHash(hashSecret(token), this.#wanted)) {
        this.#allowance.guessed(address);
        return;
      }
      this.#log.warn({ address }, 'A wrong operator token was tried.');
    }
    throw new StrataError('unauthorized', 'The operator token is wrong.', 'Use the printed address.');
  }
}
