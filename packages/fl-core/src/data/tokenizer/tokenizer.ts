/** Text to the token ids of one model's vocabulary. */
export interface Tokenizer {
  /**
   * Token ids with the special tokens of the model, (T). T may be bounded by the tokenizer; where it is not, the
   * caller cuts to the model's maximum.
   */
  encode(text: string): Int32Array;
  /** Two texts as one sequence; null where the tokenizer has no form for two. */
  readonly encodePair: ((first: string, second: string) => TokenPair) | null;
  /** Every token of a text of any length, without special tokens, never cut: a piece at a time. */
  encodeDocument(text: string): Iterable<Int32Array>;
}

/** Two texts as one sequence with the special tokens around and between them, cut to the model's maximum. */
export interface TokenPair {
  /** Token ids, (T). */
  readonly ids: Int32Array;
  /**
   * Token types, (T): 1 for the tokens of the second text where the model tells the texts apart by them (BERT),
   * else 0 (RoBERTa).
   */
  readonly segments: Uint8Array;
}
