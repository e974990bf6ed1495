import type { PostProcessor, TemplatePart } from './parts.ts';

/** Where the tokens of one or two texts go among the special tokens. */
export type Frame = readonly FramePart[];
type FramePart =
  | { readonly kind: 'special'; readonly id: number; readonly segment: number }
  /** All tokens of text 0 or 1. */
  | { readonly kind: 'text'; readonly text: number; readonly segment: number };

/** The frames of a single text, and of two. */
export interface Frames {
  readonly single: Frame;
  readonly pair: Frame;
}

const special = (id: number, segment = 0): FramePart => ({ kind: 'special', id, segment });
const text = (which: 0 | 1, segment = 0): FramePart => ({ kind: 'text', text: which, segment });

/** Without a post-processor two texts stand one behind the other. */
const bare: Frames = { single: [text(0)], pair: [text(0), text(1, 1)] };

/**
 * What a post-processor puts around one text or two, with the ids that it names itself.
 *
 * @throws RangeError for a template with a special token that it does not know, or two processors that each add some
 */
export function framesOf(processor: PostProcessor | null | undefined): Frames {
  if (processor == null) return bare;
  switch (processor.type) {
    // It moves the borders of tokens in the text, and no token.
    case 'ByteLevel':
      return bare;
    case 'BertProcessing': {
      const [cls, sep] = [special(processor.cls[1]), processor.sep[1]];
      const single = [cls, text(0), special(sep)];
      return { single, pair: [...single, text(1, 1), special(sep, 1)] };
    }
    case 'RobertaProcessing': {
      const [cls, sep] = [special(processor.cls[1]), special(processor.sep[1])];
      const single = [cls, text(0), sep];
      return { single, pair: [...single, sep, text(1), sep] };
    }
    case 'TemplateProcessing': {
      const parts = (template: readonly TemplatePart[]) =>
        template.flatMap((part) => templatePart(part, processor.special_tokens));
      return { single: parts(processor.single), pair: parts(processor.pair) };
    }
    case 'Sequence': {
      const adding = processor.processors.filter(({ type }) => type !== 'ByteLevel');
      if (adding.length > 1) {
        throw new RangeError(`${adding.map(({ type }) => type).join(' and ')} in one Sequence are not built`);
      }
      return framesOf(adding[0]);
    }
    default:
      return processor satisfies never;
  }
}

function templatePart(
  part: TemplatePart,
  known: Readonly<Record<string, { readonly ids: readonly number[] }>>,
): FramePart[] {
  if ('Sequence' in part) return [text(part.Sequence.id === 'A' ? 0 : 1, part.Sequence.type_id)];
  const { id, type_id: segment } = part.SpecialToken;
  const token = Object.hasOwn(known, id) ? known[id] : undefined;
  if (token === undefined) throw new RangeError(`the special token "${id}" is not among special_tokens`);
  return token.ids.map((each) => special(each, segment));
}

/** How many special tokens a frame has. */
export const specialsOf = (frame: Frame): number => frame.filter(({ kind }) => kind === 'special').length;

/** The texts' tokens in their frame: ids and token types, (T). */
export function framed(
  frame: Frame,
  texts: readonly (readonly number[])[],
): { readonly ids: Int32Array; readonly segments: Uint8Array } {
  const parts = frame.map((part) => ({
    ids: part.kind === 'special' ? [part.id] : texts[part.text]!,
    segment: part.segment,
  }));
  return {
    ids: Int32Array.from(parts.flatMap(({ ids }) => ids)),
    segments: Uint8Array.from(parts.flatMap(({ ids, segment }) => ids.map(() => segment))),
  };
}

/**
 * How many tokens of two texts are kept within `most`, as `longest_first` of Hugging Face's tokenizers cuts them:
 * the longer text loses its end first; an odd token is the longer one's, the second's of two alike.
 */
export function longestFirst(first: number, second: number, most: number): readonly [number, number] {
  if (first + second <= most) return [first, second];
  const shorter = Math.min(first, second, Math.floor(most / 2));
  const longer = Math.max(0, most - shorter);
  return first > second ? [longer, shorter] : [shorter, longer];
}
