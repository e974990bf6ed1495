/** Text to the token ids of one model's vocabulary. */
export interface Tokenizer {
  /** Token ids, (T); T is not bounded here, the caller cuts to the model's maximum. */
  encode(text: string): Int32Array;
}
