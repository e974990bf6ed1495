import { StrataError } from '../error.ts';
import { contextOf } from './context.ts';
import { type Parameters, parametersFor } from './graph/degree.ts';
import { Ring } from './graph/ring.ts';
import type { Exchange, Ready, Roster } from './messages.ts';

/** What follows from a roster, computed alike by every participant and by the server, and trusted by none. */
export class Plan {
  readonly roster: Roster;
  /** 32 bytes. */
  readonly context: Uint8Array<ArrayBuffer>;
  /** Of the graph over all members, along which secrets are shared. */
  readonly sharing: Parameters;
  readonly #members: ReadonlyMap<string, Ready>;
  readonly #groups: ReadonlyMap<string, readonly string[]>;
  readonly #shareRing: Ring;

  /** @param sharing what `parametersFor` says of so many members; tests look at others. */
  constructor(roster: Roster, sharing: Parameters = parametersFor(roster.members.length)) {
    const { exchange, members } = roster;
    this.roster = roster;
    this.context = contextOf(roster);
    this.#members = new Map(members.map((m) => [m.client, m]));
    this.#groups = groupsOf(exchange, members);
    const clients = members.map((m) => m.client);
    this.sharing = sharing;
    this.#shareRing = new Ring(clients, this.sharing.degree, this.context, ' shares');
  }

  get exchange(): Exchange {
    return this.roster.exchange;
  }

  get clients(): string[] {
    return [...this.#members.keys()];
  }

  has(client: string): boolean {
    return this.#members.has(client);
  }

  /** @throws `wrong-roster` for who is not in it. */
  member(client: string): Ready {
    const member = this.#members.get(client);
    if (member) return member;
    throw new StrataError(
      'wrong-roster',
      `${client} is not in this sealed exchange.`,
      'Wait for the next round.',
    );
  }

  /** The vectors of a member that are masked, in order; the others are struck for want of members. */
  vectorsOf(client: string): string[] {
    return this.member(client)
      .vectors.filter((vector) => this.#groups.has(vector))
      .sort();
  }

  /** The members that have words for a vector, in id order; none of one that is struck. */
  group(vector: string): readonly string[] {
    return this.#groups.get(vector) ?? [];
  }

  /** All vectors that are masked, in order. */
  get vectors(): string[] {
    return [...this.#groups.keys()].sort();
  }

  /** How many members have words for a vector, struck or not. */
  countOf(vector: string): number {
    return [...this.#members.values()].filter((m) => m.vectors.includes(vector)).length;
  }

  /** Vectors that too few have words for. */
  get struck(): string[] {
    return Object.keys(this.exchange.vectors)
      .filter((vector) => !this.#groups.has(vector))
      .sort();
  }

  /** Who keeps shares of a member's secrets: its neighbours, and in a small cohort it itself too. */
  holdersOf(client: string): string[] {
    const neighbours = this.#shareRing.neighbours(client);
    return neighbours.length === this.#members.size - 1 ? this.clients : neighbours;
  }

  /** What is left of the plan when only these are left. */
  among(participants: readonly string[]): Participation {
    return new Participation(this, participants);
  }
}

/** Who masks with whom, once it is known who has shared its secrets. */
export class Participation {
  readonly plan: Plan;
  readonly participants: readonly string[];
  readonly #present: ReadonlySet<string>;
  readonly #rings = new Map<string, Ring>();

  constructor(plan: Plan, participants: readonly string[]) {
    this.plan = plan;
    this.participants = participants;
    this.#present = new Set(participants);
  }

  has(client: string): boolean {
    return this.#present.has(client);
  }

  /** Who has words for a vector and is left, in id order; none where they are fewer than may be summed. */
  group(vector: string): string[] {
    const present = this.plan.group(vector).filter((client) => this.#present.has(client));
    return present.length >= this.plan.exchange.atLeast ? present : [];
  }

  /** The vectors that a participant sends, in order. */
  vectorsOf(client: string): string[] {
    return this.#present.has(client)
      ? this.plan.vectorsOf(client).filter((vector) => this.group(vector).length > 0)
      : [];
  }

  get vectors(): string[] {
    return this.plan.vectors.filter((vector) => this.group(vector).length > 0);
  }

  /** With whom a participant has a mask of this vector in common. The graph is over the vector's own group. */
  maskedWith(vector: string, client: string): string[] {
    let ring = this.#rings.get(vector);
    if (ring === undefined) {
      const group = this.group(vector);
      const degree = group.length < 2 ? 0 : parametersFor(group.length).degree;
      ring = new Ring(group, degree, this.plan.context, vector);
      this.#rings.set(vector, ring);
    }
    return ring.neighbours(client);
  }

  /** Whether a participant that was lost has masks in a sum that is opened for those who are left. */
  isMissed(lost: string, left: Participation): boolean {
    return this.vectorsOf(lost).some((vector) => {
      const group = left.group(vector);
      return this.maskedWith(vector, lost).some((other) => group.includes(other));
    });
  }
}

/** Of each vector that enough members have: who they are. */
function groupsOf(
  { atLeast, vectors }: Exchange,
  members: readonly Ready[],
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>(Object.keys(vectors).map((vector) => [vector, []]));
  for (const member of members) for (const vector of member.vectors) groups.get(vector)?.push(member.client);
  return new Map([...groups].filter(([, group]) => group.length >= atLeast));
}

/** +1 for the mask of a pair at the one whose id comes first, -1 at the other, so that both cancel in the sum. */
export const signOf = (client: string, other: string): 1 | -1 => (client < other ? 1 : -1);
