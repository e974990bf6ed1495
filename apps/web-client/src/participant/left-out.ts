import type { UnknownName } from '../client/index.ts';
import { plural } from '../shared/texts/format.ts';

/** What the person said to leave out: `36 pictures are left out, as you said: Eule, other.`; empty for nothing. */
export function leftOutText(names: readonly UnknownName[], kind: 'image' | 'text'): string {
  const total = names.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return '';
  const things =
    kind === 'image' ? plural(total, 'picture is', 'pictures are') : plural(total, 'text is', 'texts are');
  const nowhere = kind === 'image' ? 'in no folder' : 'without a label';
  return `${things} left out, as you said: ${names.map(({ name }) => name || nowhere).join(', ')}.`;
}
