import type { TaskName } from '../tasks/index.ts';
import { matchLabels } from './labels.ts';
import type { DataProblem } from './problems.ts';
import type { ImageRegion } from './resize.ts';

/** Labelled data before a model's preprocessing: pictures and texts, not pixels of one size and token ids. */
export type RawSamples = RawImages | RawTexts;

/** Texts as each task takes them, before a model's tokenizer. */
export interface RawOfTask {
  readonly classification: RawTexts;
  readonly 'multi-label': RawLabelSets;
  readonly 'sequence-pair': RawPairs;
  readonly 'next-token': RawDocuments;
}
export type RawTextSamples = RawOfTask[TaskName];

interface Split {
  /** 1 for each sample the data itself sets aside for testing, (N). */
  readonly heldOut?: Uint8Array;
}

interface RawLabelled extends Split {
  /** Class names; `labels` are indices into it. */
  readonly classes: readonly string[];
  /** Class indices, (N). */
  readonly labels: Int32Array;
  /** Which source (a drawing style, say) each sample is from, (N). */
  readonly domains?: Int32Array;
}

export interface RawImages extends RawLabelled {
  readonly kind: 'image';
  readonly images: readonly ImageRegion[];
}

export interface RawTexts extends RawLabelled {
  readonly kind: 'text';
  readonly texts: readonly string[];
}

/** Two texts a sample. */
export interface RawPairs extends RawLabelled {
  readonly kind: 'pairs';
  /** The first of each. */
  readonly texts: readonly string[];
  readonly seconds: readonly string[];
}

/** Any number of classes a text. */
export interface RawLabelSets extends Split {
  readonly kind: 'label-sets';
  readonly classes: readonly string[];
  readonly texts: readonly string[];
  /** 1 where the text has the class, else 0, (N, classes). */
  readonly flags: Uint8Array;
}

/** Texts of any length, without labels. */
export interface RawDocuments extends Split {
  readonly kind: 'documents';
  readonly texts: readonly string[];
  /** Where each stands, for messages, (N). */
  readonly places: readonly Pick<DataProblem, 'file' | 'line'>[];
}

/** 1 at each sample's classes, else 0, (N, classes). @param sets class indices of each sample. */
export function flagsOf(sets: readonly (readonly number[])[], classes: number): Uint8Array {
  const flags = new Uint8Array(sets.length * classes);
  sets.forEach((set, i) => {
    for (const label of set) flags[i * classes + label] = 1;
  });
  return flags;
}

/** The samples at `indices`, in that order. */
export function pickRaw<S extends RawSamples>(raw: S, indices: readonly number[]): S;
export function pickRaw(raw: RawSamples, indices: readonly number[]): RawSamples {
  const { domains, heldOut } = raw;
  const common = {
    labels: Int32Array.from(indices, (i) => raw.labels[i]!),
    ...(domains ? { domains: Int32Array.from(indices, (i) => domains[i]!) } : {}),
    ...(heldOut ? { heldOut: Uint8Array.from(indices, (i) => heldOut[i]!) } : {}),
  };
  switch (raw.kind) {
    case 'image':
      return { ...raw, ...common, images: indices.map((i) => raw.images[i]!) };
    case 'text':
      return { ...raw, ...common, texts: indices.map((i) => raw.texts[i]!) };
    default:
      return raw satisfies never;
  }
}

/**
 * The same samples with the classes of a run: labels are matched by name, and samples of a class that the run
 * does not have are left out.
 */
export function withClasses<S extends RawSamples>(raw: S, classes: readonly string[]): S {
  const match = matchLabels(classes);
  const indexOf = raw.classes.map(match);
  const kept = Array.from(raw.labels.keys()).filter((i) => indexOf[raw.labels[i]!] !== undefined);
  const picked = pickRaw(raw, kept);
  return { ...picked, classes, labels: picked.labels.map((label) => indexOf[label]!) };
}
