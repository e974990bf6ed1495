import { pauses } from '../../../pauses.ts';
import { type DataProblem, type LeftOut, ProblemList } from '../../../problems.ts';
import type { Split } from '../../../raw-samples.ts';
import type { TokenDatasetOptions, TokenLimits } from '../encode.ts';

/** Texts of any length, without labels. */
export interface RawDocuments extends Split {
  readonly kind: 'documents';
  readonly texts: readonly string[];
  /** Where each stands, for messages, (N). */
  readonly places: readonly Pick<DataProblem, 'file' | 'line'>[];
}

export const tokenLimits: TokenLimits = { tokens: 20_000_000 };

interface EncodedDocuments extends LeftOut {
  /** Token ids of each, 2 or more. */
  readonly documents: readonly Int32Array[];
}

/**
 * The token ids of documents of any length. A document of a single token, which nothing follows, is a problem, and
 * so is the first one that the limit of tokens cuts; those after it are left out with it.
 */
export async function encodeDocuments(
  { texts, places }: RawDocuments,
  { tokenizer, endOfText, limits, onProgress }: Omit<TokenDatasetOptions, 'model' | 'maxTokens'>,
): Promise<EncodedDocuments> {
  const limit = { ...tokenLimits, ...limits };
  const problems = new ProblemList();
  const documents: Int32Array[] = [];
  const all = texts.reduce((sum, { length }) => sum + length, 0);
  let [characters, tokens] = [0, 0];
  const pause = pauses(() => onProgress?.(characters, all));
  const encode = async (text: string): Promise<Int32Array> => {
    const pieces: Int32Array[] = [];
    let length = 0;
    for (const piece of tokenizer.encodeDocument(text)) {
      pieces.push(piece);
      length += piece.length;
      if (tokens + length > limit.tokens) break;
      await pause();
    }
    return joined(endOfText === undefined ? pieces : [...pieces, Int32Array.of(endOfText)]);
  };
  for (const [i, text] of texts.entries()) {
    const ids = await encode(text);
    const kept = ids.subarray(0, limit.tokens - tokens);
    if (kept.length > 1) documents.push(kept);
    if (kept.length < ids.length) {
      const after = texts.length - i - 1;
      const reason = `only the first ${limit.tokens} tokens of all texts are used: the rest of this one and ${after} after it are left out`;
      problems.add({ ...places[i]!, kind: 'too-many', reason });
      break;
    }
    if (ids.length < 2) {
      const reason = 'has fewer than two tokens: there is no next one';
      problems.add({ ...places[i]!, kind: 'empty', reason });
    }
    tokens += kept.length;
    characters += text.length;
  }
  onProgress?.(all, all);
  return { documents, ...problems };
}

function joined(pieces: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
