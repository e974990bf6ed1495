/** The half of `data/` that a server looks at tokenizers with. */
export { type TriedModel, tryTokenizer } from './try-tokenizer.ts';
