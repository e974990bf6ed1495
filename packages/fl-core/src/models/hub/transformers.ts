import type { SpecOptions } from '../config/fields.ts';

/** What an architecture of Hugging Face's transformers says of its files. */

export type Json = Readonly<Record<string, unknown>>;

/** Tensors of a file that, one below the other along their first axis, make one of ours; mostly one. */
export type HubName = readonly string[];

/** A way in which files of the Hugging Face Hub name the tensors of an architecture: our name to theirs. */
export type Dialect = (name: string) => HubName;

/** First the one that transformers writes. */
export type Dialects = readonly [Dialect, ...Dialect[]];

export interface Transformers<Spec> {
  /** `model_type` of each `config.json` that it reads. */
  readonly modelTypes: readonly string[];
  /** Of texts: the class that transformers opens the tokenizer with where no file names one, by `model_type`. */
  readonly tokenizers?: Readonly<Record<string, string>>;
  /** Its spec from such a file. Throws ZodError where a field is missing or has a value that is not built. */
  readonly read: (config: unknown, options: SpecOptions) => Spec;
  /** Absent: tensors have the names of transformers, and no others. */
  readonly dialects?: (spec: Spec) => Dialects;
  /**
   * Tensors of a file that no classifier needs, and that change nothing where they are left out: heads for something
   * else, buffers, a pooler that is not looked at. What is neither used nor among these is refused.
   */
  readonly unused: (spec: Spec) => readonly RegExp[];
  /**
   * Tensors of a file that must have the values of one of ours, where it has them: transformers takes those of the file
   * in its place. By the file's name, ours.
   */
  readonly twins?: (spec: Spec) => Readonly<Record<string, string>>;
  /**
   * `config.json` of an export, without the task and the labels.
   * @param found what the model came with, null for one of the catalog; absent: that, or the spec's own constants
   */
  readonly config?: (spec: Spec, found: Json | null) => Json;
  /** The class of transformers that opens an export with that `config.json`. */
  readonly className: (spec: Spec, config: Json) => string;
}

export const unchanged: Dialect = (name) => [name];

/** With the encoder's name before its tensors, and without, as in a file of the encoder alone. */
export const encoderAlone = (prefix: string): Dialects => [
  unchanged,
  (name) => [name.startsWith(prefix) ? name.slice(prefix.length) : name],
];

/** The same, and both once more as in files converted from TensorFlow: a norm's weight is gamma, its bias beta. */
export const encoderOfOldNorms = (prefix: string): Dialects => {
  const dialects = encoderAlone(prefix);
  return [...dialects, ...dialects.map(oldNorms)];
};

const oldNorms =
  (dialect: Dialect): Dialect =>
  (name) =>
    dialect(name).map((n) =>
      n.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'),
    );

/** A sentence for the card. */
export const opensWith = (autoClass: string): string => `Opens with \`${autoClass}.from_pretrained\`.`;

/** What no processor of transformers does by itself, and the script of every export does. */
export const picturesByScript =
  'Images must be upright (`ImageOps.exif_transpose`) and in sRGB before the processor gets them, as browsers show them; `load_strata.py` beside this file prepares them exactly as they were trained on.';
