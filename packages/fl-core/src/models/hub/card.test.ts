import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ClientPrivacy, type ModelChoice, RunConfig, type RunView } from '../../protocol/index.ts';
import { readLayersModel } from '../architectures/layers-model/read.ts';
import { catalog } from '../catalog.ts';
import { type CardFacts, guaranteeOf, modelCard } from './card.ts';
import { configJson, exportConfig, exportPreprocessor } from './config.ts';

const bert: ModelChoice = {
  source: 'hub:google-bert/bert-base-uncased@0123456789abcdef0123456789abcdef01234567',
  granularity: 'block',
  found: {
    kind: 'transformers',
    config: {
      model_type: 'bert',
      architectures: ['BertForMaskedLM'],
      vocab_size: 99,
      hidden_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 8,
      hidden_act: 'gelu',
      max_position_embeddings: 16,
      type_vocab_size: 2,
      layer_norm_eps: 1e-12,
      hidden_dropout_prob: 0,
    },
    preprocessor: null,
    licence: 'apache-2.0',
  },
};

const classification = {
  task: { name: 'classification' },
  labels: ['a', 'b'],
} as const satisfies Partial<RunConfig>;

const config = (model: ModelChoice): RunConfig =>
  RunConfig.parse({
    name: 'Complaints',
    model,
    data: { kind: 'text' },
    labels: ['refund', 'card'],
    strategy: { name: 'strata', lambda: 1 },
    rounds: 5,
  });

const round = (number: number, accuracy: number | null): RunView['rounds'][number] => ({
  round: number,
  phase: 'committed',
  deadline: null,
  openedAt: 0,
  closedAt: 1,
  reason: '',
  cohort: 3,
  updates: number + 1,
  importance: {},
  trainedBy: {},
  trainLoss: 1,
  loss: 0.5,
  accuracy,
  accuracyNoise: null,
  medianLoss: 0.25,
  medianAccuracy: accuracy === null ? null : 0.75,
  evaluatedSamples: 40,
  bytesDown: 0,
  bytesUp: 0,
  bytesIfFull: 0,
  seconds: {
    probing: 0,
    selecting: 0,
    training: 0,
    sealing: 0,
    uploading: 0,
    unmasking: 0,
    aggregating: 0,
    evaluating: 0,
  },
  e1: null,
  e2: null,
  agreement: null,
  covered: null,
  effectiveClients: {},
  solved: null,
  warmUp: false,
  epsilon: null,
  stale: null,
});

describe('modelCard', () => {
  const facts: CardFacts = {
    id: 'run-1',
    config: config(bert),
    rounds: [round(1, 0.25), round(2, 0.8125)],
    checkpoint: { round: 2, layers: {} },
    sampling: null,
    spent: null,
    tests: [],
  };
  const card = modelCard(facts);

  it('has the front matter that the Hub reads', () => {
    const [, front] = /^---\n([\s\S]*?)\n---\n/.exec(card) ?? [];
    const [index, ...rest] = front!.split('\n').reverse();
    expect(JSON.parse(index!.replace(/^model-index: /, ''))).toEqual([
      {
        name: 'Complaints',
        results: [
          {
            task: { type: 'text-classification' },
            dataset: expect.objectContaining({ type: 'held-out', args: { samples: 40, round: 2 } }),
            metrics: [
              { type: 'accuracy', name: 'accuracy', value: 0.8125 },
              { type: 'loss', name: 'loss', value: 0.5 },
              { type: 'accuracy', name: 'accuracy, median participant', value: 0.75 },
              { type: 'loss', name: 'loss, median participant', value: 0.25 },
            ],
          },
        ],
      },
    ]);
    expect(rest.reverse()).toEqual([
      'license: "apache-2.0"',
      'base_model: "google-bert/bert-base-uncased"',
      'pipeline_tag: text-classification',
      'tags:',
      '  - federated-learning',
      '  - strata',
    ]);
  });

  it('says what operators have found of the model that it is of, and of no other', () => {
    const test = { data: 'ward B', samples: 200, loss: 0.7, accuracy: 0.6, by: 'ada', at: 0 };
    const tested = modelCard({
      ...facts,
      tests: [
        { ...test, round: 1 },
        { ...test, round: 2, accuracy: 0.9 },
      ],
    });
    expect(tested).toContain(
      'Tested by its operators on 200 samples of ward B: accuracy 0.9000, loss 0.7000.',
    );
    expect(tested.match(/Tested by/g)).toHaveLength(1);
    expect(card).not.toContain('Tested by');
  });

  it('says how the model came about and what was measured after its round', () => {
    expect(card).toContain(
      'accuracy 0.8125, loss 0.5000, weighted by samples; of the median participant: accuracy 0.7500, loss 0.2500.',
    );
    expect(card).toContain('On 40 samples held out on the devices, after round 2');
    expect(card).toContain(
      'Strategy: strata (lambda 1, lambdaScale relative, score squared-norm); budget fixed (unit layers, amount 2)',
    );
    expect(card).toMatch(/Data: the participants’ own; 20 % of each participant’s held out/);
    expect(card).toContain('learningRate');
    expect(card).toContain('Participants a round: 2 to 3');
    expect(card).toContain('- 0: refund\n- 1: card');
    expect(card).toContain('neither clipped for privacy nor noised');
  });

  it('of a sealed run says that nobody saw more than sums, and no median, which nobody knows', () => {
    const usual = config(bert);
    const sealing = { kind: 'sealed', atLeast: 5, samples: 100, seconds: 60 } as const;
    const told = modelCard({
      id: 'run-1',
      config: { ...usual, aggregation: { ...usual.aggregation, rule: { name: 'mean' }, sealing } },
      rounds: [{ ...round(1, 0.25), medianAccuracy: null, medianLoss: null, evaluatedSamples: 0 }],
      checkpoint: { round: 1, layers: {} },
      sampling: null,
      spent: null,
      tests: [],
    });
    expect(told).toContain(
      'the server, as far as it kept to the protocol, saw sums of at least 5 participants alone',
    );
    expect(told).toContain('accuracy 0.2500, loss 0.5000, as a mean weighted by samples');
    expect(told).not.toContain('median');
    expect(told).not.toContain('"samples"');
  });

  it('says that a run was buffered, and how old an update could be', () => {
    const usual = config(bert);
    const card = (more: Partial<typeof usual.cohort>) =>
      modelCard({
        id: 'run-1',
        config: { ...usual, cohort: { ...usual.cohort, ...more } },
        checkpoint: { round: 2, layers: {} },
        rounds: [],
        sampling: null,
        spent: null,
        tests: [],
      });
    expect(card({})).not.toContain('Buffered');
    const told = card({ timing: { kind: 'buffered', atWork: 9, staleness: 7 } });
    expect(told).toContain('of up to 9 participants at work');
    expect(told).toContain('of a model up to 7 commits old');
  });

  it('says what held for the head alone, and how layers of a part of the cohort moved, where something did', () => {
    const usual = config(bert);
    const head = { rate: 4, warmUp: { kind: 'trained', rounds: 2, epochs: 6 } as const };
    const told = modelCard({
      id: 'run-1',
      config: {
        ...usual,
        local: { ...usual.local, head },
        aggregation: { ...usual.aggregation, participation: 'share' },
      },
      checkpoint: { round: 2, layers: {} },
      rounds: [],
      sampling: null,
      spent: null,
      tests: [],
    });
    expect(told).toContain(
      '; the head at 4 times the learning rate; the first 2 rounds train the head alone, 6 epochs each',
    );
    expect(told).toContain('; steps of layers that a part of the cohort trained: share');
    expect(card).not.toMatch(/the head at|rounds train the head|part of the cohort/);
  });

  it('names no base model of a run that started from random weights', () => {
    const random = { ...config(bert), initial: 'random' } as const;
    const said = modelCard({
      id: 'run-1',
      config: random,
      rounds: [],
      checkpoint: { round: 0, layers: {} },
      sampling: null,
      spent: null,
      tests: [],
    });
    expect(said).not.toContain('base_model');
    expect(said).toMatch(/Started from: .*, with random weights/);
  });

  it('says what the models tell of a client at most, and what that does not cover', () => {
    const privacy = {
      kind: 'client',
      epsilon: 8,
      delta: 1e-3,
      clip: 0.5,
      quantile: null,
      noise: null,
      sampling: null,
      figures: { kind: 'reported' },
    } as const;
    const said = modelCard({
      id: 'run-1',
      config: { ...config(bert), privacy },
      rounds: [],
      checkpoint: { round: 2, layers: {} },
      sampling: null,
      spent: { epsilon: 5.321, models: 3 },
      tests: [],
    });
    expect(said).toContain(
      'the 3 models that were sent during the run are together (ε = 5.32, δ = 0.001) differentially private towards each participating client, of an ε of 8 that was promised',
    );
    expect(said).toContain('clipped to a length of 0.5,');
    expect(said).toContain('nor are the figures of this card');
    expect(said).toContain('no amplification by sampling');
    expect(said).not.toContain('neither clipped');
    const secret = modelCard({
      id: 'run-1',
      config: { ...config(bert), privacy: { ...privacy, sampling: 0.1 } },
      rounds: [round(1, 0.5)],
      checkpoint: { round: 1, layers: {} },
      sampling: null,
      spent: { epsilon: 5.321, models: 1 },
      tests: [],
    });
    expect(secret).toContain('each of those who were there with probability 0.1, drawn in secret');
    expect(secret).toContain('with a secret that is not told');
    expect(secret).not.toContain('told when the run is over');
    expect(secret).toMatch(/On samples held out/);
    expect(guaranteeOf({ ...privacy, sampling: 0.1 }, null)).toContain(
      'each participant was in a round with probability 0.1, drawn in secret, and towards whoever is told who was in which round the bound is weaker',
    );
  });

  it('says of an accuracy how much noise is on it, and where none is told why', () => {
    const privacy = {
      kind: 'client',
      ...{ epsilon: 8, delta: 1e-3, clip: 0.5, quantile: null, noise: null, sampling: null },
    } as const;
    const cardOf = (figures: ClientPrivacy['figures'], last: Partial<RunView['rounds'][number]>) =>
      modelCard({
        id: 'run-1',
        config: { ...config(bert), privacy: { ...privacy, figures } },
        rounds: [{ ...round(1, 0.5), loss: null, medianLoss: null, medianAccuracy: null, ...last }],
        checkpoint: { round: 1, layers: {} },
        sampling: null,
        spent: { epsilon: 5.321, models: 1 },
        tests: [],
      });
    const noised = cardOf({ kind: 'noised', share: 0.1 }, { accuracyNoise: 0.04 });
    expect(noised).toContain(
      'accuracy 0.5000, the mean over participants, each counted alike, with Gaussian noise of standard deviation 0.0400, which the bound above covers',
    );
    expect(noised).toContain('and the mean accuracies that were published of them, are together');
    expect(noised).not.toContain('nor are the figures');
    const index = JSON.parse(/^model-index: (.*)$/m.exec(noised)![1]!);
    expect(index[0].results[0].dataset.args).toEqual({ round: 1, noise: 0.04 });
    expect(index[0].results[0].metrics).toEqual([expect.objectContaining({ value: 0.5 })]);
    const withheld = cardOf({ kind: 'withheld' }, { accuracy: null });
    expect(withheld).toContain('participants tell nobody in this run');
    expect(withheld).not.toContain('model-index');
    expect(withheld).not.toContain('nor are the figures');
  });

  it('claims no figure that nobody measured', () => {
    const facts = {
      id: 'run-1',
      config: config(bert),
      checkpoint: { round: 1, layers: {} },
      sampling: null,
      spent: null,
      tests: [],
    };
    expect(modelCard({ ...facts, rounds: [round(1, null)] })).toContain('Nobody evaluated this round.');
    const fresh = modelCard({ ...facts, rounds: [], checkpoint: { round: 0, layers: {} }, sampling: null });
    expect(fresh).toContain('Nobody evaluated this round.');
    expect(fresh).toContain('Participants a round: none');
    expect(fresh).not.toContain('model-index');
  });
});

describe('the card of a LayersModel', () => {
  it('says how to open it and what goes in', () => {
    const file = new URL('../architectures/layers-model/fixtures/network/model.json', import.meta.url);
    const { found } = readLayersModel(JSON.parse(readFileSync(file, 'utf8')), 'network');
    const model: ModelChoice = { source: 'folder:network', granularity: 'block', found };
    const run = { ...config(model), side: 12, data: { kind: 'image' as const, sample: null } };
    const card = modelCard({
      id: 'run-1',
      config: run,
      rounds: [],
      checkpoint: { round: 0, layers: {} },
      sampling: null,
      spent: null,
      tests: [],
    });
    expect(card).toContain('Started from: small_network');
    expect(card).toContain('`tf.loadLayersModel`');
    expect(card).toContain('images of 12 pixels (the centred square');
    expect(card).toContain(', RGB, pixels as numbers from 0 to 1');
  });
});

describe('exportConfig', () => {
  it('keeps what the source says, with the labels of the run and the class that opens the file', () => {
    expect(exportConfig({ ...classification, model: bert, labels: ['refund', 'card'] })).toMatchObject({
      ...(typeof bert !== 'string' && bert.found?.kind === 'transformers' ? bert.found.config : {}),
      architectures: ['BertForSequenceClassification'],
      id2label: { 0: 'refund', 1: 'card' },
      label2id: { refund: 0, card: 1 },
    });
  });

  it('of a whole CLIP keeps the image half', () => {
    const found = {
      kind: 'transformers' as const,
      config: {
        model_type: 'clip',
        projection_dim: 64,
        vision_config: { hidden_size: 96, num_attention_heads: 4 },
      },
      preprocessor: null,
      licence: null,
    };
    const written = exportConfig({
      ...classification,
      model: { source: 'folder:clip', granularity: 'block', found },
    });
    expect(written).toMatchObject({ model_type: 'clip_vision_model', projection_dim: 64, hidden_size: 96 });
    expect(written).not.toHaveProperty('vision_config');
  });

  it('of a GPT-2 that was a language model is one of a classifier, its padding told', () => {
    const file = new URL('../architectures/gpt2/fixtures/next-token/config.json', import.meta.url);
    const config = { ...JSON.parse(readFileSync(file, 'utf8')), pad_token_id: null, eos_token_id: 7 };
    const found = { kind: 'transformers' as const, config, preprocessor: null, licence: null };
    expect(
      exportConfig({ ...classification, model: { source: 'folder:gpt2', granularity: 'block', found } }),
    ).toMatchObject({
      architectures: ['GPT2ForSequenceClassification'],
      pad_token_id: 7,
      id2label: { 0: 'a', 1: 'b' },
    });
  });

  it('of the sentence encoder names no class of transformers', () => {
    const written = exportConfig({ ...classification, model: 'use-lite' });
    expect(written).toMatchObject({ model_type: 'use-lite', dim: 512, id2label: { 0: 'a', 1: 'b' } });
    expect(written).not.toHaveProperty('architectures');
  });
});

describe('configJson', () => {
  it('writes floats as floats, which transformers asks for, and leaves all else alone', () => {
    const config = { hidden_dropout_prob: 0, initializer_factor: 1, hidden_size: 8, layer_norm_eps: 1e-12 };
    const text = configJson({ ...config, vision_config: { initializer_range: 2 } });
    expect(text).toContain('"hidden_dropout_prob": 0.0,');
    expect(text).toContain('"initializer_factor": 1.0,');
    expect(text).toContain('"initializer_range": 2.0\n');
    expect(text).toContain('"hidden_size": 8,');
    expect(JSON.parse(text)).toEqual({ ...config, vision_config: { initializer_range: 2 } });
  });
});

describe('exportPreprocessor', () => {
  it('is for the side of the run', () => {
    expect(exportPreprocessor(catalog['deit-tiny'], 64)).toMatchObject({
      size: { shortest_edge: 64 },
      crop_size: { height: 64, width: 64 },
      image_mean: [0.485, 0.456, 0.406],
    });
  });
});
