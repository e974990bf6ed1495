import { tellsFigures, toldBy } from '@strata/fl-core/protocol';
import {
  boundedClaims,
  type Change,
  type ClaimNote,
  type CountedUpdate,
  countedHeldOut,
  countedSamples,
  hasWork,
  isTimed,
  meanTau,
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
  counted: readonly CountedUpdate[],
): Promise<void> {
  const { id, config } = run;
  const { round } = row;
  await events.add(id, {
    kind: 'aggregated',
    round,
    message: `${counted.length} updates were aggregated${toldBy(config) === 'nothing' ? '' : '; the cohort evaluates the result'}.${clipNote(config, row, cohort)}${staleNote(counted)}`,
  });
  const trained = cohort.filter((m) => m.update !== null);
  const parts = partsNote(trained);
  if (parts !== null) await events.add(id, { kind: 'parts-sent', round, message: parts });
  const claims = boundedClaims(config, countedSamples(config, trained), 'training samples');
  await noteClaims({ events }, id, round, claims);
}

/** Of a buffered run: how old what was aggregated is. */
function staleNote(counted: readonly CountedUpdate[]): string {
  const taus = counted.map(meanTau);
  const stale = taus.filter((tau) => tau > 0).length;
  if (stale === 0) return '';
  const mean = taus.reduce((sum, tau) => sum + tau, 0) / taus.length;
  return ` Of them ${stale} were trained from an older model; since, a layer had been changed ${mean.toFixed(1)} times in the mean of all.`;
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

export function lateMembers({ round: { phase }, cohort }: RoundFacts, change: Change): LateMembers | null {
  const dropped = new Set(droppedBy({ cohort }, change));
  const clients = [...change.members].flatMap(([client, { late }]) =>
    late && !dropped.has(client) ? [client] : [],
  );
  if (clients.length === 0 || !isTimed(phase)) return null;
  const answered = cohort.filter((m) => memberState(phase, m) === 'answered').length;
  return { phase, clients, answered, cohort: cohort.length };
}

/** Whose work a commit made too old, in a buffered run. */
export const droppedBy = ({ cohort }: Pick<RoundFacts, 'cohort'>, { members, commit }: Change): string[] =>
  commit === null ? [] : cohort.flatMap((m) => (hasWork(m) && members.get(m.client)?.late ? [m.client] : []));

export async function noteDropped(
  ports: HasDb & HasEvents,
  { run, round }: RoundRow,
  clients: readonly string[],
): Promise<void> {
  if (clients.length === 0) return;
  await ports.events.add(run, {
    kind: 'work-dropped',
    round,
    message: `What these participants work on is too old for the next round, and is dropped: ${await namesOf(ports, run, clients)}. They get new work as places are free.`,
  });
}

/** Names of clients that a line of the log holds. */
const namesInALine = 5;

async function namesOf({ db }: HasDb, run: string, clients: readonly string[]): Promise<string> {
  const rows = await listClients(db, run, clients.slice(0, namesInALine));
  const names = rows.map((c) => c.hello?.name || c.id).sort();
  const more = clients.length - names.length;
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

export async function noteLate(
  { db, events }: HasDb & HasEvents,
  { run, round }: RoundRow,
  { phase, clients, answered, cohort }: LateMembers,
): Promise<void> {
  const who = await namesOf({ db }, run, clients);
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
