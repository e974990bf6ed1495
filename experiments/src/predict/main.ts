/**
 * What a trained model says of files: `npm run --silent predict -- MODEL.zip FILE|FOLDER [--json]`.
 * stdout carries nothing but the predictions; what was left out goes to stderr. Exit 1 when nothing could be predicted.
 */
import { StrataError } from '@strata/fl-core/protocol';
import { UsageError } from '../experiment.ts';
import { parseOptions, usage } from './options.ts';
import { type Prediction, predict } from './predict.ts';
import type { Place } from './samples.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);

const placeText = ({ file, line }: Place): string => (line === undefined ? file : `${file}:${line}`);

/** The place, the labels, their probabilities; separated by tabs, several labels by bars. */
function lineOf({ labels, probabilities, ...place }: Prediction): string {
  const chances = labels.map((label) => probabilities[label]!.toFixed(4));
  return [placeText(place), labels.join('|'), chances.join('|')].join('\t');
}

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(argv);
  const result = await predict(options);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else for (const prediction of result.predictions) process.stdout.write(`${lineOf(prediction)}\n`);
  for (const { reason, ...place } of result.leftOut) log(`${placeText(place)} ${reason}`);
  if (result.predictions.length === 0) {
    log('Nothing here can be predicted.');
    process.exitCode = 1;
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) log(error.message);
  else if (error instanceof StrataError) log(`${error.message} ${error.hint}`);
  else throw error;
  process.exitCode = 2;
}
