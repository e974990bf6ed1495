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
  | 'empty'
  | 'too-large'
  | 'too-many';

/** A problem whose place is known to the caller. */
export type Reason = Pick<DataProblem, 'kind' | 'reason'>;

/** What a loader left out. */
export interface LeftOut {
  /** In the order of the files and lines, at most {@link keptProblems}. */
  readonly problems: readonly DataProblem[];
  /** All of them, counting those not kept. */
  readonly problemCount: number;
}

/** A broken table of a million rows must not make a list of a million sentences. */
export const keptProblems = 1000;

/** Collects problems up to {@link keptProblems} and counts the others. */
export class ProblemList implements LeftOut {
  readonly problems: DataProblem[] = [];
  problemCount = 0;

  add(problem: DataProblem): void {
    this.problemCount += 1;
    if (this.problems.length < keptProblems) this.problems.push(problem);
  }
}
