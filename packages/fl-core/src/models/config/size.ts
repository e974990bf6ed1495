import { StrataError } from '../../protocol/index.ts';
import { type ModelLayout, parameterCount } from '../layout.ts';

/** More than these (1.6 GB of float32) are not fine-tuned in a browser tab; XLM-RoBERTa-base has 278 million. */
const maxParameters = 400_000_000;

/** Throws `too-large` for a model that a browser tab cannot fine-tune. */
export function checkSize(id: string, { layers }: ModelLayout): void {
  const parameters = layers.reduce((sum, layer) => sum + parameterCount(layer), 0);
  if (parameters <= maxParameters) return;
  throw new StrataError(
    'too-large',
    `The model ${id} has ${Math.round(parameters / 1e6)} million parameters.`,
    `Choose one of at most ${maxParameters / 1e6} million.`,
  );
}
