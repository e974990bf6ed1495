/** Why a configuration that is valid by its schema cannot work. */
export interface ConfigProblem {
  /** The value at fault: `budget.deadline`. */
  readonly path: string;
  /** What is wrong and what to do, for who wrote the configuration as a whole. */
  readonly message: string;
  readonly hint: string;
  /** The same in a sentence that stands beside the value in a form. */
  readonly beside: string;
}
