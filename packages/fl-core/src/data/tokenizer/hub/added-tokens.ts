import type { Vocabulary } from './models.ts';
import type { Normalize } from './normalizers.ts';
import type { AddedToken } from './parts.ts';

/** Part of a text: a token that was added to the vocabulary, or text that the model divides. */
export type Section =
  | { readonly kind: 'token'; readonly id: number }
  | { readonly kind: 'text'; readonly text: string; readonly start: number };

/** Finds added tokens in a text; the rest are sections of text. */
export type FindTokens = (text: string) => Section[];

/**
 * Those of tokens that are looked for in the text as it is, and in the text as it was normalised: as Hugging Face's
 * `tokenizers` does it, the leftmost and longest first, with the blanks that a token takes in and the words that some
 * must not stand in.
 */
export function findersOf(
  tokens: readonly AddedToken[],
  normalize: Normalize | null,
): { readonly plain: FindTokens; readonly normalized: FindTokens } {
  const of = (normalized: boolean) =>
    finder(
      tokens
        .filter((token) => token.normalized === normalized)
        .map((token) => ({
          ...token,
          content: normalized && normalize ? normalize(token.content) : token.content,
        })),
    );
  return { plain: of(false), normalized: of(true) };
}

const word = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const endsInWord = new RegExp(`${word.source}$`, 'u');
const startsWithWord = new RegExp(`^${word.source}`, 'u');
const blanksAtEnd = /\p{White_Space}*$/u;
const blanksAtStart = /^\p{White_Space}*/u;

function finder(tokens: readonly AddedToken[]): FindTokens {
  const byContent = new Map(tokens.filter(({ content }) => content !== '').map((t) => [t.content, t]));
  if (byContent.size === 0) return (text) => (text === '' ? [] : [{ kind: 'text', text, start: 0 }]);
  const pattern = new RegExp(
    [...byContent.keys()]
      .toSorted((a, b) => b.length - a.length)
      .map((content) => content.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
      .join('|'),
    'gu',
  );
  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    const upTo = (end: number) => {
      if (end > done) sections.push({ kind: 'text', text: text.slice(done, end), start: done });
    };
    for (const match of text.matchAll(pattern)) {
      const token = byContent.get(match[0])!;
      let start = match.index;
      let end = start + match[0].length;
      const [before, after] = [text.slice(0, start), text.slice(end)];
      if (token.single_word && (endsInWord.test(before) || startsWithWord.test(after))) continue;
      if (token.lstrip) start = Math.max(done, start - (blanksAtEnd.exec(before)?.[0].length ?? 0));
      if (token.rstrip) end += blanksAtStart.exec(after)?.[0].length ?? 0;
      upTo(start);
      sections.push({ kind: 'token', id: token.id });
      done = end;
    }
    upTo(text.length);
    return sections;
  };
}

/**
 * Whether the tokens have the ids that Python gives them: it looks at the vocabulary and counts on from its end.
 *
 * @throws RangeError for a file that says another id
 */
export function checkIds(tokens: readonly AddedToken[], vocabulary: Vocabulary): void {
  const added = new Map<string, number>();
  let largest = -1;
  for (const { content, id } of tokens) {
    if (content === '') continue;
    const next = largest >= vocabulary.size ? largest + 1 : vocabulary.size;
    const expected = vocabulary.idOf(content) ?? added.get(content) ?? next;
    if (expected !== id) {
      throw new RangeError(`added_tokens has "${content}" as ${id}; Python counts it as ${expected}`);
    }
    added.set(content, id);
    largest = Math.max(largest, id);
  }
}
