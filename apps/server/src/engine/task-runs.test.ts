// @module-tag long
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunConfigInput, routes } from '@strata/fl-core/protocol';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModelSource } from '../models/index.ts';
import { ModelFolder, tinyTokenizer } from '../models/testing.ts';
import { committed, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

/** A run of every task, of an imported model, from its folder to the folder that goes home. */

const fixtures = [
  ['bert', 'bert/fixtures/bert'],
  ['gpt2', 'gpt2/fixtures/next-token'],
] as const;

let modelsDir: string;
let server: TestServer;
beforeAll(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'strata-tasks-'));
  for (const [name, fixture] of fixtures) {
    await mkdir(join(modelsDir, name));
    const model = await ModelFolder.copyOf(fixture, join(modelsDir, name));
    await model.write('tokenizer.json', tinyTokenizer(name));
  }
  server = await TestServer.start({}, (blobs, dataDir) =>
    createModelSource({ blobs, modelsDir, cacheDir: join(dataDir, 'models') }),
  );
}, 120_000);
afterAll(async () => {
  await server.close();
  await rm(modelsDir, { recursive: true });
}, 60_000);

interface Case {
  readonly task: RunConfigInput['task'] & {};
  readonly model: (typeof fixtures)[number][0];
  readonly labels: string[];
  /** Of the exported `config.json`. */
  readonly config: object;
  /** Of the model card. */
  readonly card: string;
}

const cases: Case[] = [
  {
    task: { name: 'multi-label' },
    model: 'bert',
    labels: ['question', 'praise', 'complaint'],
    config: {
      architectures: ['BertForSequenceClassification'],
      problem_type: 'multi_label_classification',
      id2label: { 0: 'question', 1: 'praise', 2: 'complaint' },
    },
    card: 'mean Jaccard index of the true and the predicted labels 0.5000',
  },
  {
    task: { name: 'sequence-pair' },
    model: 'bert',
    labels: ['follows', 'contradicts'],
    config: {
      architectures: ['BertForSequenceClassification'],
      problem_type: 'single_label_classification',
      id2label: { 0: 'follows', 1: 'contradicts' },
    },
    card: 'accuracy 0.5000',
  },
  {
    task: { name: 'next-token', passage: 16 },
    model: 'gpt2',
    labels: [],
    config: { architectures: ['GPT2LMHeadModel'], model_type: 'gpt2' },
    card: 'share of next tokens predicted 0.5000, loss 1.0000, perplexity 2.72',
  },
];

describe.each(cases)('a run for $task.name', ({ task, model, labels, config, card }) => {
  it('goes through two rounds and comes out as a model of transformers for the task', async () => {
    const crew = await startCrew(server, [{}, {}], {
      model: { source: `folder:${model}` },
      data: { kind: 'text' },
      task,
      labels,
      cohort: { goal: 2, minimum: 2, quorum: 1 },
    });
    const last = await committed(server, crew.id, 2);
    expect(crew.clients.flatMap((client) => client.errors)).toEqual([]);
    expect(last).toMatchObject({ round: 2, updates: 2, accuracy: 0.5, loss: 1 });

    const view = await server.view(crew.id);
    expect(view.config.task).toEqual(task);
    expect(last.checkpoint?.layers.embed).toEqual((await server.round(crew.id, 1)).checkpoint?.layers.embed);
    expect(last.checkpoint?.layers.head).not.toEqual(
      (await server.round(crew.id, 1)).checkpoint?.layers.head,
    );
    const listed = (await server.operator.call(routes.runs, {})).find((run) => run.id === crew.id);
    expect(listed).toMatchObject({ task: task.name, accuracy: 0.5 });
    const seen = await server.operator.call(routes.publicRun, { params: { run: crew.id } });
    expect(seen).toMatchObject({ task, labels });

    const answer = await server.operator.bytes(routes.modelFolder, { params: { run: crew.id } });
    const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
    const exported = JSON.parse(strFromU8(files['config.json']!));
    expect(exported).toMatchObject(config);
    if (labels.length === 0) expect(exported).not.toHaveProperty('problem_type');
    expect(Object.keys(files)).toContain('tokenizer.json');
    expect(strFromU8(files['README.md']!)).toContain(card);
  });
});
