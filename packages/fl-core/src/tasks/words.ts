/** What a run is on. */
export type DataKind = 'image' | 'text';

/** What a model's head gives: one row of logits a sample, (B, C), or one for the next token at every place, (B, T, V). */
export type Head = 'classification' | 'next-token';

/** What is counted: `text` and `texts`. */
export interface Things {
  readonly one: string;
  readonly many: string;
}

/** What words may depend on. Numbers may still be being typed in: options are not checked. */
export interface RunFacts {
  readonly labels: number;
  /** Of the task's configuration. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a file to bring looks like. */
export type Example =
  | {
      readonly kind: 'table';
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'text'; readonly lines: readonly string[] };

/** What a participant is asked for. */
export interface OwnDataWords {
  readonly title: string;
  readonly hint: string;
  /** What the file dialogue offers. */
  readonly accept: string;
  readonly button: string;
  readonly example: Example | null;
}

/** What pages say of a task on data of one kind, in plain words. */
export interface TaskWords {
  /** For the operator, who chooses from such and reads it again: the task, a few words. */
  readonly title: string;
  /** What the model learns, in a sentence. */
  readonly text: string;
  /** What participants bring, in a sentence. */
  readonly brings: string;
  /** What a run is for, in headings. @param side of the pictures in pixels. */
  readonly heading: (run: RunFacts, side: number) => readonly string[];
  /** What comes of a run, in a sentence of the form's summary. */
  readonly summary: (run: RunFacts) => string;
  /** For a participant: what one sample is called. */
  readonly things: Things;
  /** "It learns ...", in a few words. */
  readonly learns: (run: RunFacts) => string;
  /** "Together, the participants teach one model to ...". */
  readonly purpose: (run: RunFacts) => string;
  /** What to bring, and how. @param first one of the run's labels. @param second another one. */
  readonly ownData: (first: string, second: string) => OwnDataWords;
  /** What to do where nothing of it could be used, in a sentence. */
  readonly instead: string;
  /** The Hub's name of the task. */
  readonly pipeline: 'image-classification' | 'text-classification' | 'text-generation';
}

/** How the number is called that messages and stored rounds have as `accuracy`. */
export interface MetricWords {
  /** In a sentence, and in small print below a number. */
  readonly name: string;
  /** What it counts, in sentences that begin with the name. */
  readonly meaning: string;
  /** For a participant, with the number behind it. */
  readonly own: string;
  /** The same in a sentence: how the model does on the participant's held-out data, `50 %` say. */
  readonly result: (now: string) => string;
  /** And what came of it. */
  readonly progress: (first: string, now: string) => string;
}

/** A measured number by the Hub's name of it, and in words. */
export interface HubMetric {
  readonly type: string;
  readonly name: string;
}
