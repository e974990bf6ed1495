/** Why a file, or a line of it, was left out; the rest went on. */
export interface DataProblem {
  readonly kind: ProblemKind;
  /** Path as it was given. */
  readonly file: string;
  /** 1-based, as an editor counts; absent when the whole file is meant. */
  readonly line?: number;
  /** One sentence part for people: "is empty", "the label \"owl\" is none of ...". */
  readonly reason: string;
}

export type ProblemKind =
  | 'unknown-label'
  | 'unsupported' // not a kind of file that can be read
  | 'broken' // looks right but cannot be decoded
  | 'malformed' // a row without its columns, or with unbalanced quotes
  | 'duplicate' // the same as one before it
  | 'empty'
  | 'too-large'
  | 'too-many';

/** A problem whose place is known to the caller. */
export type Reason = Pick<DataProblem, 'kind' | 'reason'>;

/** A name that stands where a label belongs and is none of the run's; the person can say what it means. */
export interface UnknownLabel {
  /** As it was found; empty for pictures in no folder. */
  readonly name: string;
  /** Samples that have it. */
  readonly count: number;
  /** A label of the run that a folder around it is named like. */
  readonly within?: string;
}

/** What a loader left out. */
export interface LeftOut {
  /** In the order of the files and lines, at most {@link keptProblems}. */
  readonly problems: readonly DataProblem[];
  /** All of them, counting those not kept. */
  readonly problemCount: number;
  /** In the order of their first samples, at most {@link keptNames}; samples of further names are problems. */
  readonly unknown: readonly UnknownLabel[];
}

/** A broken table of a million rows must not make a list of a million sentences. */
export const keptProblems = 1000;

/** More names than anybody would map by hand: the column is no column of labels. */
export const keptNames = 100;

/** Collects problems up to {@link keptProblems} and unknown labels up to {@link keptNames}, and counts the others. */
export class ProblemList implements LeftOut {
  readonly problems: DataProblem[] = [];
  problemCount = 0;
  readonly unknown: { readonly name: string; count: number; readonly within?: string }[] = [];

  add(problem: DataProblem): void {
    this.problemCount += 1;
    if (this.problems.length < keptProblems) this.problems.push(problem);
  }

  /** One sample, or `count`, of a name that is none of the run's labels; `place` is used when the list is full. */
  addUnknown(name: string, place: Pick<DataProblem, 'file' | 'line'>, count = 1, within?: string): void {
    const known = this.unknown.find((u) => u.name === name);
    if (known !== undefined) known.count += count;
    else if (this.unknown.length < keptNames) {
      this.unknown.push({ name, count, ...(within === undefined ? {} : { within }) });
    } else {
      const reason = `the label "${name.slice(0, 80)}" is none of this run's`;
      this.add({ ...place, kind: 'unknown-label', reason });
    }
  }

  /** Adds what another loader left out of `file`. */
  merge(other: LeftOut, file: string): void {
    for (const problem of other.problems) this.add(problem);
    this.problemCount += other.problemCount - other.problems.length;
    for (const { name, count, within } of other.unknown) this.addUnknown(name, { file }, count, within);
  }
}
