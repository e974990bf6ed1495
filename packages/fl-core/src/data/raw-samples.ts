import { matchLabels } from './labels.ts';
import type { ImageRegion } from './resize.ts';

/** Labelled data before a model's preprocessing: pictures and texts, not pixels of one size and token ids. */
export type RawSamples = RawImages | RawTexts;

/** A split that the data itself brings. */
export interface Split {
  /** 1 for each sample the data itself sets aside for testing, (N). */
  readonly heldOut?: Uint8Array;
}

/** One class a sample. */
export interface RawLabelled extends Split {
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
