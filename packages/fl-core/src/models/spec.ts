import type { Head } from '../tasks/index.ts';
import type { ModelSpec } from './architectures/index.ts';

export type { ModelSpec } from './architectures/index.ts';
export type TextModelSpec = Extract<ModelSpec, { readonly kind: 'text' }>;

export const headOf = (spec: ModelSpec): Head =>
  spec.kind === 'text' ? (spec.head ?? 'classification') : 'classification';
