import type { ModelSpec } from './architectures/index.ts';
import type { Task } from './common-spec.ts';

export type { ModelSpec } from './architectures/index.ts';
export type { Task } from './common-spec.ts';
export type TextModelSpec = Extract<ModelSpec, { readonly kind: 'text' }>;

export const taskOf = (spec: ModelSpec): Task =>
  spec.kind === 'text' ? (spec.task ?? 'classification') : 'classification';
