/** What the model is to predict for a batch. */
export type Targets =
  /** One class a sample: class indices, (B). */
  | { readonly kind: 'classes'; readonly ids: Int32Array }
  /** Any number of classes a sample: 1 where it has the class, else 0, (B, classes). */
  | { readonly kind: 'label-sets'; readonly classes: number; readonly flags: Uint8Array }
  /** The token that follows each one, -1 where none does, (B, T). */
  | { readonly kind: 'next-tokens'; readonly length: number; readonly ids: Int32Array };

/** One class a sample. */
export const classTargets = (ids: Int32Array): Targets => ({ kind: 'classes', ids });

/** How many losses the mean loss of a batch is taken over: samples, or tokens that another one follows. */
export function termsOf(targets: Targets): number {
  switch (targets.kind) {
    case 'classes':
      return targets.ids.length;
    case 'label-sets':
      return targets.flags.length / targets.classes;
    case 'next-tokens':
      return targets.ids.reduce((count, id) => (id < 0 ? count : count + 1), 0);
    default:
      return targets satisfies never;
  }
}

/** Those of the samples `from` to `to` (exclusive). */
export function sliceTargets(targets: Targets, from: number, to: number): Targets {
  switch (targets.kind) {
    case 'classes':
      return { ...targets, ids: targets.ids.slice(from, to) };
    case 'label-sets':
      return { ...targets, flags: targets.flags.slice(from * targets.classes, to * targets.classes) };
    case 'next-tokens':
      return { ...targets, ids: targets.ids.slice(from * targets.length, to * targets.length) };
    default:
      return targets satisfies never;
  }
}
