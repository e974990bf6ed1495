import type { BertSpec } from './bert/spec.ts';
import type { ClipSpec } from './clip/spec.ts';
import type { DistilBertSpec } from './distilbert/spec.ts';
import type { Gpt2Spec } from './gpt2/spec.ts';
import type { LayersModelSpec } from './layers-model/spec.ts';
import type { RobertaSpec } from './roberta/spec.ts';
import type { UseLiteSpec } from './use-lite/spec.ts';
import type { VitSpec } from './vit/spec.ts';

/** A model at one size: an architecture and its constants. */
export type ModelSpec = OwnModelSpec | LayersModelSpec;
/** Of an architecture whose forward functions are the project's own. */
export type OwnModelSpec = ImageModelSpec | TextModelSpec;
export type ImageModelSpec = VitSpec | ClipSpec;
export type TextModelSpec = UseLiteSpec | BertSpec | RobertaSpec | DistilBertSpec | Gpt2Spec;

/** What the head is for: one label a sample, (B, C), or the next token at every place, (B, T, V). */
export type Task = 'classification' | 'next-token';

export const taskOf = (spec: ModelSpec): Task =>
  spec.architecture === 'gpt2' ? spec.task : 'classification';
