import { decodeSafetensors, type Phase, toldBy, Work } from '../../protocol/index.ts';
import { layoutFor, trainedLayers } from '../layout.ts';
import type { MemoryRun } from '../memory/run.ts';
import type { NoisedAccuracy, RoundPrivacy } from '../privacy/spending.ts';
import type { Member, Round } from '../types.ts';
import { isHeadAlone } from '../warm-up.ts';
import { checkLayers } from './check-layers.ts';
import { claim } from './claim.ts';

/**
 * What must be true of a run after whatever has happened to it, by the rules of docs/design.md, written out without
 * the functions that decide: R1 to R9 and R12.
 */
export class Invariants {
  readonly #run: MemoryRun;
  #before: ReadonlyMap<string, Member> = new Map();
  /** Of the newest round, when it was looked at last. */
  #phase: Round['phase'] | null = null;
  #committedRound = 0;
  #checkedMoves = 0;
  readonly #cohorts = new Map<number, string>();
  readonly #closed = new Map<number, readonly Member[]>();
  /** Phases whose goal was reached, and when that was seen. */
  readonly #reached = new Map<string, number>();
  /** Noised models that were sent, by round: layers and noise as they were at first. */
  readonly #sent = new Map<number, string>();
  /** Noised accuracies that were published, by round. */
  readonly #accuracies = new Map<number, NoisedAccuracy>();
  /** What was handed out in a buffered run, by client and round: as it was told at first. */
  readonly #handedOut = new Map<string, string>();
  /** Since when a run that could go on has been seen to pause. */
  #pausingSince: number | null = null;

  constructor(run: MemoryRun) {
    this.#run = run;
  }

  /** Throws what is broken, named by its rule. */
  check(): void {
    const rounds = [...this.#run.book.rounds.values()];
    claim(
      rounds.every((r, i) => r.round === i + 1),
      'rounds are numbered 1, 2, 3 ...',
    );
    const open = rounds.filter((r) => r.phase !== 'committed' && r.phase !== 'abandoned');
    claim(open.length <= 1, 'a run has at most one open round');
    this.#checkCohorts(rounds);
    this.#checkMembers(rounds.at(-1));
    this.#checkMoves();
    this.#checkModel(rounds);
    this.#checkWarmUp(rounds);
    this.#checkReleased(rounds);
    if (this.#run.crashed) return; // nobody is there to act
    if (open[0]) this.#pausingSince = null;
    if (open[0]) this.#checkOpen(open[0]);
    else this.#checkWaiting(rounds.at(-1));
    this.#checkWork(open[0], rounds.at(-1));
  }

  #checkCohorts(rounds: readonly Round[]): void {
    for (const { round, closedAt } of rounds.slice(-3)) {
      const members = this.#run.book.cohort(round);
      const then = this.#closed.get(round) ?? members;
      claim(
        members.every((m, i) => m === then[i]),
        'R5: nothing changes in a round that is over',
      );
      if (closedAt) this.#closed.set(round, members);
      const cohort = members.map((m) => m.client).join();
      claim((this.#cohorts.get(round) ?? cohort) === cohort, 'R1: a cohort is fixed when its round opens');
      if (!this.#cohorts.has(round)) this.#checkDraw(round, members);
      this.#cohorts.set(round, cohort);
    }
  }

  /** Differential privacy: what was sent is drawn once and accounted once, and never passes epsilon. */
  #checkReleased(rounds: readonly Round[]): void {
    const { privacy } = this.#run.book.run.config;
    for (const { round, phase, candidate, privacy: released } of rounds) {
      if (privacy.kind !== 'client')
        claim(released === null, 'the server spends nothing but under its own differential privacy');
      if (privacy.kind !== 'client' || phase === 'abandoned') continue;
      const sent = phase === 'evaluating' || phase === 'committed';
      const model = released?.model ?? null;
      claim(sent === (model !== null), 'R14: what noise spends is recorded with the model that is sent');
      if (!sent || released === null) continue;
      this.#checkPublished(round, phase, released);
      // What it is found to be is drawn as the round is committed, and stays.
      const drawn = phase === 'committed' ? model?.accuracy : undefined;
      const beside = { ...released, model: { ...model, accuracy: null } };
      claim(
        JSON.stringify(this.#accuracies.get(round) ?? drawn) === JSON.stringify(drawn),
        'R14: what was published is not drawn anew',
      );
      if (drawn !== undefined) this.#accuracies.set(round, drawn);
      const now = JSON.stringify([candidate, beside]);
      claim((this.#sent.get(round) ?? now) === now, 'R14: a model that was sent is not drawn anew');
      this.#sent.set(round, now);
      claim(released.epsilon <= privacy.epsilon * (1 + 1e-9), 'R14: a run does not pass its epsilon');
    }
  }

  /** Of a run that tells no figures as they are reported, nothing is kept of them once its round is over. */
  #checkPublished(round: number, phase: Phase, { model }: RoundPrivacy): void {
    const { book } = this.#run;
    const told = toldBy(book.run.config);
    claim(
      (told === 'accuracy') === (model?.accuracy !== undefined),
      'R14: an accuracy has its part of epsilon',
    );
    if (told === 'figures' || phase !== 'committed') return;
    const cohort = book.cohort(round);
    const tried = cohort.filter((m) => (m.evaluation?.samples ?? 0) > 0);
    claim(
      cohort.every(({ trainLoss }) => trainLoss === null) &&
        cohort.every(({ evaluation }) => (evaluation?.accuracy ?? 0) === 0 && (evaluation?.loss ?? 0) === 0),
      'R14: what a participant measured is not kept',
    );
    claim(told === 'accuracy' || tried.length === 0, 'R14: nobody is asked for what is withheld');
    claim(
      model?.accuracy === undefined || (model.accuracy.divisor ?? 0) === tried.length,
      'R14: a published accuracy is a mean over those who tried the model',
    );
  }

  /** Who did not answer lately is asked last. */
  #checkDraw(round: number, members: readonly Member[]): void {
    const { book } = this.#run;
    const { goal } = book.run.config.cohort;
    for (const { client, missed } of members) {
      claim(missed === this.#missedBefore(round, client), 'R10: missed rounds are counted from rows');
    }
    const { ready, last } = book.draws.get(round)!;
    claim(
      ready.every((id) => this.#missedBefore(round, id) === 0) &&
        last.every((c) => this.#missedBefore(round, c.id) === c.missed && c.missed > 0),
      'R10: who missed nothing is drawn before who did',
    );
    if (this.#timing.kind === 'buffered') {
      const carried = members.filter((m) => isCarried(m)).length;
      const room = this.#timing.atWork - carried;
      claim(room >= 0 && members.length <= this.#timing.atWork, 'R10: no more are at work than may be');
      claim(members.length - carried >= Math.min(room, ready.length), 'R10: as many are at work as may be');
      return;
    }
    const askedLast = members.filter((m) => m.missed > 0).length;
    claim(
      askedLast <= Math.max(0, goal - ready.length) + (round % 4 === 0 ? 1 : 0),
      'R10: who missed rounds fills up to the goal, and one place now and then',
    );
    claim(
      members.length >= Math.min(goal, ready.length + last.length),
      'R10: a cohort is as large as the goal',
    );
  }

  /** Rounds that the client let pass without any answer since it answered last. */
  #missedBefore(round: number, client: string): number {
    let missed = 0;
    for (let earlier = round - 1; earlier > 0; earlier--) {
      const member = this.#run.book.member(earlier, client);
      if (!member) continue;
      if (member.scores || member.update || member.evaluation?.samples) break;
      if (member.late) missed++;
    }
    return missed;
  }

  #checkMembers(newest: Round | undefined): void {
    const { book } = this.#run;
    const cohort = newest ? book.cohort(newest.round) : [];
    const over = newest?.phase === 'committed' || newest?.phase === 'abandoned';
    const forgotten = over && toldBy(book.run.config) !== 'figures';
    for (const member of cohort) {
      claim(
        !member.evaluation?.samples || forgotten || member.evaluation.loss === 2 / member.round,
        'R5: an evaluation of another round', // honest clients say 2 / round
      );
      const before = this.#before.get(`${member.round} ${member.client}`);
      if (!before) continue;
      const { left, late, update, scores, evaluation, mask } = before;
      claim(!late || member.late, 'R3: who let a phase close stays late for the round');
      claim(!left || member.left, 'R3: who has left stays so for the round');
      claim(update === null || update === member.update, 'R4: an update counts once');
      claim(scores === null || scores === member.scores, 'R4: scores count once');
      claim(
        evaluation === null ||
          evaluation === member.evaluation ||
          (forgotten && evaluation.samples === member.evaluation?.samples),
        'R4: an evaluation counts once',
      );
      claim(mask === null || mask.join() === member.mask?.join(), 'masks are chosen once');
      for (const phase of ['probing', 'training', 'evaluating'] as const) {
        const fresh = !answered[phase]!(before) && answered[phase]!(member) && !isExcused(member);
        claim(!fresh || phase === this.#phase, `R5: an answer to ${phase} was taken in ${this.#phase}`);
      }
      if (update === null && member.update !== null) this.#checkUpdate(member, member.update);
    }
    this.#phase = newest?.phase ?? null;
    this.#before = new Map(cohort.map((m) => [`${m.round} ${m.client}`, m]));
  }

  #checkUpdate({ round, mask, samples, claimed }: Member, update: string): void {
    const { book } = this.#run;
    const { config } = book.run;
    const layout = layoutFor(config);
    const wanted = trainedLayers(layout, mask ?? []);
    const computed =
      config.local.head.warmUp.kind === 'closed-form' && book.round(round).selection?.warmUp === true;
    const names = computed
      ? ['closed-form.gram', 'closed-form.labels']
      : layout.layers.filter((l) => wanted.includes(l.name)).flatMap((l) => l.tensors.map((t) => t.name));
    const { tensors } = decodeSafetensors(book.read(update));
    claim(mask !== null && samples > 0 && claimed !== null, 'R5: only who was asked to train is counted');
    claim(
      tensors.map((t) => t.name).join() === names.join() &&
        tensors.every((t) => t.data.every(Number.isFinite)),
      'R5: an update that counts holds exactly its layers, every value finite',
    );
  }

  /** The newest round is one of the head alone if, and only if, as many were committed before it as the configuration says. */
  #checkWarmUp(rounds: readonly Round[]): void {
    const newest = rounds.at(-1);
    if (!newest) return;
    const { book } = this.#run;
    const { head, epochs } = book.run.config.local;
    const before = rounds.filter((r) => r.phase === 'committed' && r.round < newest.round).length;
    const warmUp = isHeadAlone(book.run.config, before);
    const warm =
      head.warmUp.kind === 'closed-form'
        ? { kind: 'closed-form' }
        : { kind: 'steps', epochs: head.warmUp.epochs };
    const cohort = book.cohort(newest.round);
    claim(
      (newest.selection?.warmUp ?? false) === (warmUp && newest.selection !== null),
      'a round of the head alone is told',
    );
    for (const { client, mask, scores } of cohort) {
      claim(
        !warmUp || (!mask?.length && scores === null),
        'a round of the head alone has no masks and no scores',
      );
      const work = this.#run.work(client);
      if (work.kind !== 'train') continue;
      claim(
        JSON.stringify(work.method) === JSON.stringify(warmUp ? warm : { kind: 'steps', epochs }),
        'a client is told how it trains, the head alone or as usual',
      );
    }
    claim(!warmUp || newest.began.probing === undefined, 'a round of the head alone has no probe');
  }

  #checkMoves(): void {
    const { moves } = this.#run;
    for (; this.#checkedMoves < moves.length; this.#checkedMoves++) {
      const { round, phase } = moves[this.#checkedMoves]!;
      const past = moves.slice(0, this.#checkedMoves).filter((m) => m.round === round);
      const from = past.at(-1)?.phase ?? 'waiting';
      claim(successors[from]?.includes(phase) ?? false, `a round went from ${from} to ${phase}`);
    }
  }

  #checkModel(rounds: readonly Round[]): void {
    const { run, checkpoints } = this.#run.book;
    const committed = rounds.filter((r) => r.phase === 'committed').map((r) => r.round);
    claim(run.committedRound === (committed.at(-1) ?? 0), 'R8: the run stands at its newest committed round');
    claim(run.committedRound >= this.#committedRound, 'R12: a run never starts again');
    claim(
      (run.state === 'finished') === committed.length >= run.config.rounds,
      'a run ends when as many rounds as configured were committed',
    );
    claim([...checkpoints.keys()].join() === [0, ...committed].join(), 'R8: a checkpoint for every commit');
    const newest = rounds.at(-1);
    if (newest?.phase === 'committed' && run.committedRound > this.#committedRound) this.#checkCommit(newest);
    this.#committedRound = run.committedRound;
  }

  #checkCommit({ round, baseRound }: Round): void {
    const { book } = this.#run;
    const cohort = book.cohort(round).filter((m) => m.update !== null);
    claim(baseRound === this.#committedRound, 'a round starts from the newest checkpoint');
    claim(cohort.length >= this.#needed(round), 'R2: no commit without the quorum of the goal');
    claim(
      book.run.config.purpose.kind === 'test' || cohort.length >= 3,
      'R2: no model of fewer than three participants, but in a test',
    );
    checkLayers(book, baseRound, round, cohort);
    if (this.#timing.kind !== 'buffered') return;
    const before = [...book.rounds.values()].filter((r) => r.phase === 'committed').length - 1;
    for (const { given } of cohort) {
      const { staleness } = this.#timing;
      claim(given !== null && before - given.committed <= staleness, 'R5: what is too stale does not count');
    }
  }

  get #timing() {
    return this.#run.book.run.config.cohort.timing;
  }

  #needed(round: number): number {
    const { book } = this.#run;
    const { goal, quorum } = book.run.config.cohort;
    return Math.max(1, quorum * Math.min(goal, book.cohort(round).length) - 1e-9);
  }

  /** R2, R3: an open round waits only while it must. */
  #checkOpen({ round, phase, deadline, began }: Round): void {
    const { book, clock } = this.#run;
    const cohort = book.cohort(round);
    const { deadlines, cohort: wanted } = book.run.config;
    claim(answered[phase] !== undefined, `nobody works on ${phase}`);
    claim(deadline !== null && deadline.getTime() > clock.now, 'R2: a phase does not outlive its deadline');
    const done = cohort.filter((m) => answered[phase]!(m)).length;
    const expected = cohort.filter(
      (m) => !answered[phase]!(m) && !m.left && (phase !== 'training' || m.mask !== null),
    ).length;
    const waitedFor = cohort.some(
      (m) => !answered[phase]!(m) && !m.left && !m.late && (phase !== 'training' || m.mask !== null),
    );
    const needed = this.#needed(round);
    const counted = cohort.filter(
      (m) => answered[phase]!(m) && !(phase === 'evaluating' && isExcused(m)),
    ).length;
    const enough = phase === 'evaluating' || counted >= needed;
    claim(expected > 0, 'R3: a phase with nobody to wait for closes at once');
    claim(waitedFor || !enough, 'R3: who was late before is not waited for');
    claim(phase === 'evaluating' || done + expected >= needed, 'R3: out of reach, failed at once');
    const full = phase === 'training' && this.#timing.kind === 'buffered' && counted >= wanted.goal;
    claim(!full, 'R2: a full buffer closes at once');
    const left = deadline.getTime() - clock.now;
    claim(left <= 1000 * deadlines[phase as 'training'], 'R2: no phase has longer left than it may last');
    if (counted >= wanted.goal) {
      const key = `${round} ${phase}`;
      const seen = this.#reached.get(key) ?? clock.now;
      this.#reached.set(key, seen);
      const took = Math.max(0, seen - (began[phase] ?? seen));
      const grace = Math.max(1000 * wanted.grace.seconds, wanted.grace.share * took);
      claim(left <= grace + 1, 'R2: when the goal is reached the others have the grace');
    }
    claim(book.run.state !== 'stopped', 'a stopped run has no round in a timed phase');
  }

  /** No round is open: the run may not, or pauses after abandoned rounds. */
  #checkWaiting(newest: Round | undefined): void {
    const { book, clock, connected } = this.#run;
    const { state, config } = book.run;
    if (state !== 'running') return;
    const ready = [...book.clients.values()].filter(
      (c) => connected.has(c.id) && c.hello && c.hello.samples > 0 && !c.paused && !c.left,
    );
    const may = newest?.phase === 'abandoned' && ready.length >= config.cohort.minimum;
    // Counted anew when the clock goes back: no pause is longer than its own length.
    const since = Math.min(this.#pausingSince ?? clock.now, clock.now);
    this.#pausingSince = may ? since : null;
    const pausing = may && clock.now < since + 60_000;
    claim(pausing || ready.length < config.cohort.minimum, 'R12: a run that can go on goes on');
  }

  /** R9: everybody's work is valid, and what the phase asks of them. */
  #checkWork(open: Round | undefined, newest: Round | undefined): void {
    for (const { id, left } of this.#run.book.clients.values()) {
      const work = Work.parse(this.#run.work(id));
      const place = newest && this.#run.book.member(newest.round, id);
      const over = this.#run.book.run.state === 'finished';
      if (!over && !left && place?.given && !place.update && !place.left && !place.late) {
        const told = JSON.stringify({ ...work, remainingMs: 0 });
        const key = `${id} ${place.given.round}`;
        claim(work.kind === 'train' && work.round === place.given.round, `R9: ${id} has work in hand`);
        claim((this.#handedOut.get(key) ?? told) === told, 'R9: work stays as it was handed out');
        this.#handedOut.set(key, told);
        continue;
      }
      const member = open && this.#run.book.member(open.round, id);
      if (!open || !member) {
        claim(
          work.kind === 'wait' || work.kind === 'over',
          'R1: who is not in the cohort is asked for nothing',
        );
        continue;
      }
      const wanted =
        !answered[open.phase]!(member) && !member.left && (open.phase !== 'training' || member.mask);
      const asked = { probing: 'probe', training: 'train', evaluating: 'evaluate' }[open.phase as 'probing'];
      claim(work.kind === (wanted ? asked : 'wait'), `R9: ${id} has ${work.kind} in ${open.phase}`);
    }
  }
}

/** It goes on with what was handed out in an earlier round. */
const isCarried = ({ given, round }: Member): boolean => given !== null && given.round < round;

/** It holds nothing out, or is still at work, and so is not asked. */
const isExcused = ({ evaluation }: Member): boolean => evaluation?.samples === 0;

const answered: Partial<Record<Round['phase'], (member: Member) => boolean>> = {
  probing: (m) => m.scores !== null,
  training: (m) => m.update !== null,
  evaluating: (m) => m.evaluation !== null,
};

const successors: Partial<Record<Round['phase'], readonly Round['phase'][]>> = {
  waiting: ['probing', 'selecting'],
  probing: ['selecting', 'abandoned'],
  selecting: ['training', 'abandoned'],
  training: ['aggregating', 'abandoned'],
  aggregating: ['evaluating', 'abandoned'],
  evaluating: ['committed', 'abandoned'],
};
