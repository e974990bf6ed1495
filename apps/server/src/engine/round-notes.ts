import { tellsFigures, toldBy } from '@strata/fl-core/protocol';
import {
  boundedClaims,
  type Change,
  type ClaimNote,
  countedHeldOut,
  countedSamples,
  isTimed,
  memberState,
  partsNote,
  type RoundFacts,
  type TimedPhase,
  unclipped,
} from '@strata/fl-core/rounds';
import {
  getRun,
  listClients,
  listMembers,
  type MemberRow,
  type RoundRow,
  type RunRow,
} from '../store/rows.ts';
import type { HasDb } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';

/** What the log says of a round's steps, to operators, in words. */

/** After aggregating: how many updates there were, what of them was in part, and what was claimed beyond what counts. */
export async function noteAggregated(
  { events }: HasEvents,
  run: RunRow,
  row: RoundRow,
  cohort: readonly MemberRow[],
  updates: number,
): Promise<void> {
  const { id, config } = run;
  const { round } = row;
  await events.add(id, {
    kind: 'aggregated',
    round,
    message: `${updates} updates were aggregated${toldBy(config) === 'nothing' ? '' : '; the cohort evaluates the result'}.${clipNote(config, row, cohort)}`,
  });
  const trained = cohort.filter((m) => m.update !== null);
  const parts = partsNote(trained);
  if (parts !== null) await events.add(id, { kind: 'parts-sent', round, message: parts });
  const claims = boundedClaims(config, countedSamples(config, trained), 'training samples');
  await noteClaims({ events }, id, round, claims);
}

/** Whether the clip is about right is seen by how many updates reach it: a figure without noise. */
function clipNote(config: RunRow['config'], { privacy }: RoundRow, cohort: readonly MemberRow[]): string {
  if (privacy === null || !tellsFigures(config)) return '';
  const { clip } = privacy;
  const trained = cohort.filter((m) => m.update !== null).length;
  return ` Of the updates ${trained - unclipped(cohort, clip)} were as long as the clip of ${clip.toPrecision(3)} lets them be.`;
}

/** Where less counts than was claimed, the operator is told with numbers. */
async function noteClaims(
  { events }: HasEvents,
  id: string,
  round: number,
  note: ClaimNote | null,
): Promise<void> {
  if (note !== null) await events.add(id, { ...note, kind: 'claims-bounded', round });
}

/** After a commit: what was claimed of held-out samples beyond what counts. */
export async function noteEvaluations(ports: HasDb & HasEvents, { run: id, round }: RoundRow): Promise<void> {
  const { db } = ports;
  const run = await getRun(db, id);
  // where they are not told, nothing is weighed by them
  if (!tellsFigures(run.config)) return;
  const claims = countedHeldOut(run.config, await listMembers(db, id, round));
  await noteClaims(ports, id, round, boundedClaims(run.config, claims, 'held-out samples'));
}

/** Whom a phase closed without. */
export interface LateMembers {
  readonly phase: TimedPhase;
  readonly clients: readonly string[];
  readonly answered: number;
  readonly cohort: number;
}

export function lateMembers(
  { round: { phase }, cohort }: RoundFacts,
  { members }: Change,
): LateMembers | null {
  const clients = [...members].flatMap(([client, change]) => (change.late ? [client] : []));
  if (clients.length === 0 || !isTimed(phase)) return null;
  const answered = cohort.filter((m) => memberState(phase, m) === 'answered').length;
  return { phase, clients, answered, cohort: cohort.length };
}

/** Names of clients that a line of the log holds. */
const namesInALine = 5;

export async function noteLate(
  { db, events }: HasDb & HasEvents,
  { run, round }: RoundRow,
  { phase, clients, answered, cohort }: LateMembers,
): Promise<void> {
  const rows = await listClients(db, run, clients.slice(0, namesInALine));
  const names = rows.map((c) => c.hello?.name || c.id).sort();
  const more = clients.length - names.length;
  const who = [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  const title = `${phase[0]?.toUpperCase()}${phase.slice(1)}`;
  await events.add(run, {
    kind: 'answers-missing',
    round,
    message: `${title} of round ${round} closed without an answer of ${who}; ${answered} of ${cohort} had answered. Who answers nothing in a round is asked last in the next ones.`,
  });
}

export async function noteEarlyEnd({ db, events }: HasDb & HasEvents, id: string): Promise<void> {
  const { state, reason } = await getRun(db, id);
  if (state !== 'finished' || reason === '') return;
  await events.add(id, {
    kind: 'run-ended-early',
    message: `The run is over before its last round. ${reason}`,
  });
}
