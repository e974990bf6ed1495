import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { completeUpTo } from './degree.ts';

/** Who is whose neighbour in a group: everybody, or the nearest on a ring in an order that nobody chose. */
export class Ring {
  readonly #places: ReadonlyMap<string, number>;
  readonly #order: readonly string[];
  readonly #degree: number;

  /**
   * The ring's order is by hashes of the context, which has fresh keys of all members in it: nobody can choose beside
   * whom to stand, and everybody computes the same.
   * @param members without repetition.
   * @param degree even where the graph is not complete.
   */
  constructor(members: readonly string[], degree: number, context: Uint8Array, name: string) {
    this.#degree = degree;
    this.#order = this.complete(members.length) ? members : inHashOrder(members, context, name);
    this.#places = new Map(this.#order.map((member, i) => [member, i]));
  }

  /** The neighbours of a member, without itself; none of who is not in the group. */
  neighbours(member: string): string[] {
    const at = this.#places.get(member);
    if (at === undefined) return [];
    const order = this.#order;
    const count = order.length;
    if (this.complete(count)) return order.filter((other) => other !== member);
    const steps = Array.from({ length: this.#degree / 2 }, (_, i) => i + 1);
    return steps.flatMap((step) => [order[(at + step) % count]!, order[(at - step + count) % count]!]);
  }

  private complete(count: number): boolean {
    return count <= completeUpTo || count <= this.#degree + 1;
  }
}

function inHashOrder(members: readonly string[], context: Uint8Array, name: string): string[] {
  const place = (member: string) =>
    bytesToHex(
      sha256(concatBytes(utf8ToBytes('strata/ring/1|'), context, utf8ToBytes(`|${name}|${member}`))),
    );
  return members
    .map((member) => ({ member, place: place(member) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ member }) => member);
}
