import type { RunConfig, UpdateSignature } from '@strata/fl-core/protocol';
import { type MemberChange, type Place, placeIn } from '@strata/fl-core/rounds';
import type { HasAllowance } from '../entry/allowance.ts';
import type { HasNewcomers } from '../entry/newcomers.ts';
import type { HasBus } from '../live/bus.ts';
import { changeMembers } from '../store/change-members.ts';
import { listPlaces, lockRound, newestRound } from '../store/rows.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import { type Outcome, settled, Together } from '../store/together.ts';
import { prove } from './clients.ts';
import { KnownKeys } from './signatures.ts';

export type CountPorts = HasDb & HasBus & HasNewcomers & HasAllowance;

/** What a client answers to a round. */
export interface Answer {
  readonly client: string;
  readonly round: number;
  /** Of an update: what of the run says whether one of an earlier round may count. */
  readonly cohort?: RunConfig['cohort'];
  /** Of an update: who has signed it, null where nobody has. It is held to the client's key (`KnownKeys`). */
  readonly signature?: UpdateSignature | null;
  /**
   * What it changes of its member, at the place that this has now; null: it was counted before (R4). Throws where the
   * answer is not taken.
   */
  take(place: Place): MemberChange | null;
  /** Keeps the file that the change names; may be called again. */
  keep?(): Promise<void>;
}

/** What became of an answer that was not refused. */
export interface Taken {
  /** The client's place before it. */
  readonly place: Place;
  /** False: it was counted before, and nothing has changed. */
  readonly counted: boolean;
}

/**
 * Counts what clients answer: those that come together in one transaction, so that of a thousand the database, and the
 * disk that each commit is forced to, have to do with some dozen.
 */
export class AnswerLots {
  readonly #ports: CountPorts & HasNaming;
  readonly #lots: Together<Answer, Taken>;

  constructor(ports: CountPorts & HasNaming) {
    this.#ports = ports;
    this.#lots = new Together((run, answers) => this.#count(run, answers));
  }

  /** Each is refused for itself. Throws what `placeIn` and the answer's `take` throw. */
  count(run: string, answer: Answer): Promise<Taken> {
    return this.#lots.ask(run, answer);
  }

  async #count(run: string, answers: readonly Answer[]): Promise<Outcome<Taken>[]> {
    const { db, naming } = this.#ports;
    const record = () => db.transaction((tx) => recordAnswers(this.#ports, tx, run, answers));
    const named = answers.some(({ keep }) => keep);
    const outcomes = await (named ? naming.shared(record) : record());
    const counted = outcomes.flatMap((o) =>
      'answer' in o && o.answer.counted ? o.answer.place.member.client : [],
    );
    noteCounted(this.#ports, run, counted);
    return outcomes;
  }
}

export interface HasAnswerLots {
  readonly answerLots: AnswerLots;
}

/** Answers of these clients counted: they take part, and what they asked meanwhile is forgiven. */
export function noteCounted(
  { bus, newcomers, allowance }: HasBus & HasNewcomers & HasAllowance,
  run: string,
  clients: readonly string[],
): void {
  for (const client of clients) {
    newcomers.leave(run, client);
    allowance.useful(run, client);
  }
  if (clients.length > 0) bus.changed(run);
}

async function recordAnswers(
  ports: HasNewcomers,
  tx: Queryable,
  run: string,
  answers: readonly Answer[],
): Promise<Outcome<Taken>[]> {
  const newest = await newestRound(tx, run);
  const locked = newest && (await lockRound(tx, run, newest.round));
  const ids = [...new Set(answers.map(({ client }) => client))];
  const places = locked ? await listPlaces(tx, run, locked.round, ids) : [];
  const members = new Map(places.map((place) => [place.client, place]));
  const signing = answers.filter(({ signature }) => signature !== undefined).map(({ client }) => client);
  const keys = await KnownKeys.of(tx, run, locked === null ? [] : [...new Set(signing)]);
  const changes = new Map<string, MemberChange & Pick<Answer, 'signature'>>();
  const files: Promise<void>[] = [];
  const outcomes: Outcome<Taken>[] = [];
  for (const { client, round, cohort, signature, take, keep } of answers) {
    const outcome = await settled(async (): Promise<Taken> => {
      const member = members.get(client) ?? null;
      const place = placeIn(locked, round, client, member, cohort);
      const change = take(place);
      if (change === null || member === null) return { place, counted: false };
      if (signature !== undefined) keys.hold(client, signature);
      // Of two answers of one client the second finds the first.
      members.set(client, { ...member, ...change });
      const signed = signature === undefined ? {} : { signature };
      changes.set(client, { ...changes.get(client), ...change, ...signed });
      if (keep) files.push(keep());
      return { place, counted: true };
    });
    outcomes.push(outcome);
  }
  // Named only when they are there. All have ended when one has failed: it is asked of them again.
  for (const file of await Promise.allSettled(files)) if (file.status === 'rejected') throw file.reason;
  if (locked === null) return outcomes;
  await keys.write(tx, run);
  await changeMembers(tx, locked, changes);
  await noteAnswers(ports, tx, run, [...changes.keys()]);
  return outcomes;
}

/** Part of the transaction of each answer that counts. */
export async function noteAnswers(
  { newcomers }: HasNewcomers,
  tx: Queryable,
  run: string,
  clients: readonly string[],
): Promise<void> {
  const fresh = clients.filter((client) => newcomers.maybeNew(run, client));
  if (fresh.length > 0) await prove(tx, run, fresh);
}
