import { StrataError } from '../../error.ts';

/** What a participant has given back of the shares that it keeps. It lives as long as the shares do. */
export class Journal {
  readonly #kinds = new Map<string, 'seeds' | 'key'>();

  /**
   * To be called before a share leaves: never both kinds of one member, since together they uncover what it sent.
   * @throws `already-answered`
   */
  release(member: string, kind: 'seeds' | 'key'): void {
    const before = this.#kinds.get(member);
    if (before !== undefined && before !== kind) {
      throw new StrataError(
        'already-answered',
        `Of ${member} ${before === 'key' ? 'the key' : 'seeds'} were given back, and now the other kind is asked for.`,
        'Both together would uncover what it sent. The round is left out; ask who runs the study.',
      );
    }
    this.#kinds.set(member, kind);
  }
}
