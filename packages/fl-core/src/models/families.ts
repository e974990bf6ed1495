import type { TaskName } from '../protocol/index.ts';
import { architectures } from './architectures/index.ts';
import type { AnySpec } from './common-spec.ts';

/** Architectures that transformers has and that can be trained for the same. */
export interface Family {
  readonly kind: AnySpec['kind'];
  readonly tasks: readonly TaskName[];
  readonly titles: readonly string[];
}

/** Whose files an operator may bring, in the order of the list. */
export function families(): Family[] {
  const found = new Map<string, Family>();
  for (const { kind, tasks, title, transformers } of architectures) {
    if (transformers === undefined) continue;
    const key = [kind, ...tasks].join();
    found.set(key, { kind, tasks, titles: [...(found.get(key)?.titles ?? []), title] });
  }
  return [...found.values()];
}
