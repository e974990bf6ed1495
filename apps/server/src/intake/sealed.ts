import { type SealedAnswer, StrataError } from '@strata/fl-core/protocol';
import {
  checkReleasedOf,
  checkSharedOf,
  isNewAnswer,
  type Place,
  placeIn,
  readyOf,
  type SealedPhase,
  type TimedPhase,
} from '@strata/fl-core/rounds';
import { checkReady } from '@strata/fl-core/sealing';
import { and, eq } from 'drizzle-orm';
import { now } from '../live/clock.ts';
import type { HasSealedPhases } from '../sealed/phases.ts';
import { findMember, getRun, isMember, openRound } from '../store/rows.ts';
import { members, sealings } from '../store/schema.ts';
import type { Queryable } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import { type CountPorts, noteAnswers, noteCounted } from './answer-lots.ts';
import { lockPlace } from './answers.ts';

/**
 * What members of a sealed round answer besides their masked words (docs/privacy.md). Each is checked outside of the
 * transaction that records it, since signatures and rosters take a while, and counted once in it (R4).
 */

export type SealedPorts = CountPorts & HasSealedPhases & HasEvents;

type Said<K extends SealedAnswer['kind']> = Extract<SealedAnswer, { kind: K }>;

/** Throws every code of R3 and R4, and those of {@link readyOf}, {@link checkSharedOf} and {@link checkReleasedOf}. */
export function takeSealed(
  ports: SealedPorts,
  run: string,
  client: string,
  said: SealedAnswer,
): Promise<void> {
  switch (said.kind) {
    case 'ready':
      return takeReady(ports, run, client, said);
    case 'shared':
      return take(ports, run, client, 'sealing', said.round, async (tx, place, at) => {
        checkSharedOf(at.plan, place, said.shared);
        await tx.update(sealings).set({ shared: said.shared }).where(isSealing(place));
      });
    case 'released':
      return take(ports, run, client, 'unmasking', said.round, async (tx, place) => {
        checkReleasedOf(place, said.released);
        await tx.update(sealings).set({ released: said.released }).where(isSealing(place));
      });
    case 'out':
      return goOut(ports, run, client, said);
    default:
      return said satisfies never;
  }
}

async function takeReady(
  ports: SealedPorts,
  runId: string,
  client: string,
  { round, ready }: Said<'ready'>,
): Promise<void> {
  const { config } = await getRun(ports.db, runId);
  await take(
    ports,
    runId,
    client,
    'training',
    round,
    async (tx, place, at) => {
      const others = await tx
        .select({ client: sealings.client, ready: sealings.ready })
        .from(sealings)
        .where(and(eq(sealings.run, runId), eq(sealings.round, round)));
      const cohort = others.map((other) => ({ client: other.client, sealing: { ready: other.ready } }));
      const change = readyOf(config, at.terms, place, cohort, ready, now());
      await checkSameKey(tx, runId, client, ready.identity.key);
      await tx.insert(sealings).values({ run: runId, round, client, ready });
      await tx.update(members).set(change).where(isMember(place.member));
    },
    (at) => checkReady(at.exchange, ready),
  );
}

/**
 * The others of its rounds have pinned a participant's key and refuse it with another one: it is told so itself, before
 * it costs them a round.
 */
async function checkSameKey(tx: Queryable, run: string, client: string, key: string): Promise<void> {
  const [before] = await tx
    .select({ ready: sealings.ready })
    .from(sealings)
    .where(and(eq(sealings.run, run), eq(sealings.client, client)))
    .limit(1);
  if (before === undefined || before.ready.identity.key === key) return;
  throw new StrataError(
    'wrong-key',
    `${client} has taken part with another identity key, and the others know it by that.`,
    'This device has forgotten its key. Join again as a new participant.',
  );
}

/**
 * @param record what of the answer is written, in the transaction.
 * @param check what of it takes long.
 */
async function take(
  ports: SealedPorts,
  runId: string,
  client: string,
  phase: TimedPhase,
  round: number,
  record: (tx: Queryable, place: Place, at: SealedPhase) => Promise<void>,
  check: (at: SealedPhase) => Promise<void> = async () => {},
): Promise<void> {
  const { db, sealedPhases } = ports;
  const run = await getRun(db, runId);
  const open = await openRound(db, runId);
  const place = placeIn(open, round, client, await findMember(db, runId, round, client));
  const at = open && (await sealedPhases.of(run, open));
  if (run.config.aggregation.sealing.kind === 'open') throw notSealed();
  // Also throws where the phase asks for nothing: `at` is there from here on.
  if (!isNewAnswer(place, phase) || at === null) return;
  await check(at);
  const taken = await db.transaction(async (tx) => {
    const now = await lockPlace(tx, runId, round, client);
    if (!isNewAnswer(now, phase)) return false;
    await record(tx, now, at);
    await noteAnswers(ports, tx, runId, [client]);
    return true;
  });
  if (taken) noteCounted(ports, runId, [client]);
}

/** Nobody waits for a member that cannot go on; in the next round it takes part again. */
async function goOut(
  { db, bus, events }: SealedPorts,
  run: string,
  client: string,
  { round, why }: Said<'out'>,
): Promise<void> {
  const left = await db.transaction(async (tx) => {
    const { member } = await lockPlace(tx, run, round, client);
    if (member.left) return false;
    await tx.update(members).set({ left: true }).where(isMember(member));
    return true;
  });
  if (!left) return;
  await events.add(run, {
    level: 'warning',
    kind: 'sealing-left',
    round,
    client,
    source: 'participant',
    message: `${client} is out of the sealed round ${round}, its device says: “${why.message} ${why.hint}”`,
  });
  bus.changed(run);
}

const isSealing = ({ member: { run, round, client } }: Place) =>
  and(eq(sealings.run, run), eq(sealings.round, round), eq(sealings.client, client));

const notSealed = (): StrataError =>
  new StrataError(
    'bad-request',
    'This run is not sealed: it has no keys and no shares.',
    'Load the page again; it may be of another version.',
  );
