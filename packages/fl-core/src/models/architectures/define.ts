import type { RunConfig } from '../../protocol/index.ts';
import type { Head } from '../../tasks/index.ts';
import { tasksFor } from '../../tasks/index.ts';
import type { Listed } from '../../variants/index.ts';
import type { AnySpec } from '../common-spec.ts';
import { type Dialects, type Json, type Transformers, unchanged } from '../hub/transformers.ts';
import type { ModelLayout } from '../layout.ts';
import type { LayerWork } from '../work/layer-work.ts';

/** What images a model takes: sides are multiples of the one, up to the other; a single side is both. */
export interface Sides {
  readonly sideMultiple: number;
  readonly largestSide: number;
}

/**
 * Everything that only the architecture itself knows, but for its forward functions: those need TensorFlow.js and
 * stand in `forward.ts` beside it.
 */
interface ArchitectureDefinition<Spec extends AnySpec> extends Listed<Spec['architecture']> {
  /** That of its folder, too. */
  readonly name: Spec['architecture'];
  readonly kind: Spec['kind'];
  /** What its models can have a head for. */
  readonly heads: readonly Head[];
  /** Whether it has a form for two texts in one sample; absent: no. */
  readonly pairs?: boolean;
  /** Layers with a classification head of `classes` outputs, in forward order. */
  readonly layout: (spec: Spec, classes: number) => ModelLayout;
  /** What its layers compute for one sample, in the order of `layout`; `size`: side of the image, or tokens. */
  readonly work: (spec: Spec, classes: number, size: number) => LayerWork[];
  /** Absent: transformers does not have it. */
  readonly transformers?: Transformers<Spec>;
  /** What opens an export of it where transformers does not have it. */
  readonly opensIn?: 'PyTorch' | 'TensorFlow.js';
  /** How to open an export of a model for images of `side` pixels: markdown for its card. */
  readonly usage: (spec: Spec, side: number) => string;
  /** Of image models; absent: images of any side. */
  readonly sides?: (spec: Spec) => Partial<Sides>;
  /** Throws `bad-config` for images of a side that the model is not for; absent: it is for any. */
  readonly checkSide?: (spec: Spec, side: number) => void;
  /** Throws `bad-config` for a start that the model does not have; absent: it has all. */
  readonly checkInitial?: (spec: Spec, initial: RunConfig['initial']) => void;
}

/** Makes a member of the list of architectures: its functions take a spec that is not known to be its own. */
export function defineArchitecture<Spec extends AnySpec>(definition: ArchitectureDefinition<Spec>) {
  const { name, transformers, kind, heads, pairs = false } = definition;
  // The one place where a spec is believed to be of an architecture: whoever makes a spec types its constants.
  const has = (spec: AnySpec): spec is Spec => spec.architecture === name;
  const own = (spec: AnySpec): Spec => {
    if (has(spec)) return spec;
    throw new RangeError(`The model ${spec.id} is of ${spec.architecture}, not of ${name}.`);
  };
  return {
    ...definition,
    /** The tasks that its models can be trained for. */
    tasks: tasksFor({ kind, heads, pairs }),
    /** What opens an export of it. */
    opensIn: transformers === undefined ? (definition.opensIn ?? 'PyTorch') : ('transformers' as const),
    /** Whether a spec is of this architecture. */
    has,
    layout: (spec: AnySpec, classes: number): ModelLayout => definition.layout(own(spec), classes),
    work: (spec: AnySpec, classes: number, size: number): LayerWork[] =>
      definition.work(own(spec), classes, size),
    /** How files name its tensors, first the names of an export. */
    dialects: (spec: AnySpec): Dialects => transformers?.dialects?.(own(spec)) ?? [unchanged],
    /** Tensors of a file that may be left out; null: all that it does not use. */
    unused: (spec: AnySpec): readonly RegExp[] | null => transformers?.unused(own(spec)) ?? null,
    /** Tensors of a file that must equal one of ours, by the file's name. */
    twins: (spec: AnySpec): Readonly<Record<string, string>> => transformers?.twins?.(own(spec)) ?? {},
    /** Fields of `config.json` of an export, the class that opens it among them where there is one. */
    exportedConfig: (spec: AnySpec, found: Json | null): Json => {
      if (transformers === undefined) return found ?? constantsOf(spec);
      const config = transformers.config?.(own(spec), found) ?? found ?? constantsOf(spec);
      return { ...config, architectures: [transformers.className(own(spec), config)] };
    },
    usage: (spec: AnySpec, side: number): string => definition.usage(own(spec), side),
    sides: (spec: AnySpec): Sides => ({
      sideMultiple: 1,
      largestSide: 512,
      ...definition.sides?.(own(spec)),
    }),
    checkSide: (spec: AnySpec, side: number): void => definition.checkSide?.(own(spec), side),
    checkInitial: (spec: AnySpec, initial: RunConfig['initial']): void =>
      definition.checkInitial?.(own(spec), initial),
  };
}

/** The spec that a member of the list is for. */
export type SpecOf<A> = A extends { has(spec: AnySpec): spec is infer Spec extends AnySpec } ? Spec : never;

function constantsOf({ architecture, ...spec }: AnySpec): Json {
  const { id: _, title: __, description: ___, licence: ____, ...constants } = spec;
  return { model_type: architecture, ...constants };
}
