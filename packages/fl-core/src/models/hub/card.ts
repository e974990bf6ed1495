import { type RunConfig, type RunView, secretSampling } from '../../protocol/index.ts';
import { type HubMetric, taskNamed } from '../../tasks/index.ts';
import { architectureOf } from '../architectures/index.ts';
import { specOf } from '../spec-of.ts';

/** What a card says of a run; nothing of a participant but counts. */
export type CardFacts = Pick<
  RunView,
  'id' | 'config' | 'rounds' | 'checkpoint' | 'sampling' | 'spent' | 'tests'
>;

/** `README.md` of an export, with the front matter that the Hugging Face Hub reads. */
export function modelCard({ id, config, rounds, checkpoint, sampling, spent, tests }: CardFacts): string {
  const spec = specOf(config);
  // Where cohorts are drawn in secret nothing here may tell who, or how many, were in one.
  const rate = secretSampling(config);
  const committed = rounds.filter((r) => r.phase === 'committed' && r.round <= checkpoint.round);
  const last = committed.find((r) => r.round === checkpoint.round);
  const front = [
    '---',
    `license: ${JSON.stringify(spec.licence.toLowerCase())}`,
    ...baseModel(config),
    `pipeline_tag: ${pipelineOf(config)}`,
    'tags:',
    '  - federated-learning',
    '  - strata',
    ...measured(config, last),
    '---',
  ];
  const body = [
    `# ${config.name}`,
    ...(config.description === '' ? [] : [config.description]),
    `Fine-tuned by Strata (run ${id}): federated, in browsers, on ${kinds[config.data.kind]} that never left the participants' devices; of each round only the changes of a few layers did.`,
    '## Training',
    list([
      `Started from: ${spec.title}${config.initial === 'random' ? ', with random weights' : ''}`,
      `Task: ${described(config.task)}`,
      `Rounds committed: ${checkpoint.round}, of ${config.rounds} planned`,
      `Data: ${config.data.sample === null ? 'the participants’ own' : `the sample “${config.data.sample}”, or the participants’ own`}; ${config.privacy.kind === 'sample' ? 'nothing held out' : `${Math.round(100 * config.local.holdOut)} % of each participant’s held out`}`,
      `Strategy: ${described(config.strategy)}; budget ${budgetOf(config.budget)}`,
      `Aggregation: ${described(config.aggregation.rule)}, server optimizer ${described(config.aggregation.optimizer)}${config.aggregation.participation === 'none' ? '' : `; steps of layers that a part of the cohort trained: ${config.aggregation.participation}`}`,
      `Local work a round: ${config.local.epochs} epochs, batches of ${config.local.batchSize}, ${described(config.local.optimizer)}${headOf(config.local.head)}`,
      rate !== null
        ? `Participants a round: each of those who were there with probability ${rate}, drawn in secret`
        : `Participants a round: ${range(committed.map((r) => r.updates))}${config.purpose.kind === 'test' && config.aggregation.sealing.kind === 'open' ? '; a test, which may have a single one' : ''}`,
      ...(config.cohort.timing.kind === 'buffered'
        ? [
            `Buffered (FedBuff): a round closed with ${config.cohort.goal} updates, of up to ${config.cohort.timing.atWork} participants at work; who was not done counted in a later round, each layer by 1/√(1 + how often it had been changed since), of a model up to ${config.cohort.timing.staleness} commits old`,
          ]
        : []),
      `Seed: ${config.seed}; cohorts were drawn ${sampling !== null ? `with ${sampling}` : rate === null ? 'with a secret that is told when the run is over' : 'with a secret that is not told'}`,
      `Privacy: raw data stayed on the devices; ${sealedText(config.aggregation.sealing)}${guaranteeOf(config.privacy, spent)}`,
    ]),
    ...(config.labels.length === 0
      ? []
      : ['## Labels', list(config.labels.map((label, i) => `${i}: ${label}`))]),
    '## Metrics',
    config.privacy.kind === 'distributed'
      ? 'None: losses and accuracies stayed on the devices of the participants.'
      : last?.accuracy == null
        ? withoutFigures(config)
        : last.accuracyNoise !== null
          ? noisedText(config, last)
          : config.aggregation.sealing.kind === 'sealed'
            ? `On data held out on the devices, after round ${last.round}: ${inWords(metricsOf(config, last))}, as a mean weighted by samples, of which nobody saw a part. Participants measure and report these figures themselves.`
            : `On ${rate === null ? `${last.evaluatedSamples} ` : ''}${taskNamed(config.task.name).hub.samples} held out on the devices, after round ${last.round}: ${inWords(metricsOf(config, last))}, weighted by samples; of the median participant: ${inWords(mediansOf(config, last))}. Participants measure and report these figures themselves.`,
    ...testText(config, tests, checkpoint.round),
    '## Use',
    architectureOf(spec).usage(spec, config.side),
  ];
  return `${front.join('\n')}\n\n${body.join('\n\n')}\n`;
}

/** Why there are none. */
function withoutFigures({ privacy }: RunConfig): string {
  if (privacy.kind === 'sample')
    return 'Participants hold nothing out and send no figures in a run that protects each sample.';
  if (privacy.kind === 'client' && privacy.figures.kind === 'withheld')
    return 'None: how models do on their data participants tell nobody in this run, since its bound would not cover it.';
  return 'Nobody evaluated this round.';
}

/** A mean that has noise on it, and how much. */
function noisedText(config: RunConfig, last: RunView['rounds'][number]): string {
  const { name } = taskNamed(config.task.name).hub.metric;
  const noise = (last.accuracyNoise ?? 0).toFixed(4);
  return `On data held out on the devices, after round ${last.round}: ${name} ${(last.accuracy ?? 0).toFixed(4)}, the mean over participants, each counted alike, with Gaussian noise of standard deviation ${noise}, which the bound above covers. Participants measure these figures themselves; of a single one none is kept.`;
}

/** What an operator has found of the model that is exported; nothing where nobody has tried it. */
function testText(config: RunConfig, tests: CardFacts['tests'], round: number): string[] {
  const test = tests.find((t) => t.round === round);
  if (test === undefined) return [];
  const { samples, data } = test;
  const what = `${samples} ${taskNamed(config.task.name).hub.samples} of ${data}`;
  return [`Tested by its operators on ${what}: ${inWords(metrics(config, test.accuracy, test.loss))}.`];
}

/** What the server saw of updates. */
export const sealedText = (sealing: RunConfig['aggregation']['sealing']): string =>
  sealing.kind === 'open'
    ? ''
    : `updates and figures were sealed: the server, as far as it kept to the protocol, saw sums of at least ${sealing.atLeast} participants alone; `;

/** What the models of the run tell of a client at most, and what that does not cover. */
export function guaranteeOf(privacy: RunConfig['privacy'], spent: CardFacts['spent']): string {
  switch (privacy.kind) {
    case 'none':
      return 'updates were neither clipped for privacy nor noised.';
    case 'client': {
      const { epsilon, models } = spent ?? { epsilon: 0, models: 0 };
      return `the ${models} models that were sent during the run${privacy.figures.kind === 'noised' ? ', and the mean accuracies that were published of them,' : ''} are together (ε = ${epsilon.toFixed(2)}, δ = ${privacy.delta}) differentially private towards each participating client, of an ε of ${privacy.epsilon} that was promised: whether its update was its own or zeros (“zero-out” adjacency; RDP accountant, ${samplingText(privacy.sampling)}). Each client’s whole update was clipped to a length of ${privacy.clip}${privacy.quantile === null ? '' : ' at first, which followed their lengths'}, and the server, which is trusted, added discrete Gaussian noise. Who took part is not covered, nor how many samples each says it has${privacy.figures.kind === 'reported' ? ', nor are the figures of this card, which participants measured' : ''}.`;
    }
    case 'sample': {
      const { epsilon, claimed = { participants: 0, least: 0 } } = spent ?? { epsilon: 0 };
      const range =
        claimed.least === epsilon
          ? `ε = ${epsilon.toFixed(2)}`
          : `ε from ${claimed.least.toFixed(2)} to ${epsilon.toFixed(2)}`;
      return `each participant bounds by itself what it sends: it clipped the gradient of each of its samples to a length of ${privacy.clip}, added noise before anything left its device, and stops before (ε = ${privacy.epsilon}, δ = ${privacy.delta}) differential privacy towards one of its samples would be passed, whoever sees its updates (whether the sample’s gradients are its own or zeros; RDP accountant, Poisson sampling of batches). ${claimed.participants === 0 ? 'No participant has said yet what it has spent.' : `${claimed.participants} participants claim to have spent ${range}; nobody can check it.`} How many samples each has is not covered, nor is one person’s data as a whole, which may be many samples.`;
    }
    case 'distributed': {
      const { epsilon, models } = spent ?? { epsilon: 0, models: 0 };
      return `the sums of updates that were opened in ${models} rounds, and so the models, are together (ε = ${epsilon.toFixed(2)}, δ = ${privacy.delta}) differentially private towards each participating client, of an ε of ${privacy.epsilon} that was promised: whether its update was its own or zeros (“zero-out” adjacency; RDP of the Skellam mechanism, no amplification by sampling). Each client’s device clipped its whole update to a length of ${privacy.clip} and added its part of the noise before it was sealed, so that the bound also holds towards whoever runs the server, as long as the server keeps to the protocol and ${privacy.colluding === 0 ? 'no participant of a sum gives its part of the noise away' : `no more than ${privacy.colluding} of the participants of a sum give their part of the noise away`}. Who took part is not covered.`;
    }
    default:
      return privacy satisfies never;
  }
}

const samplingText = (sampling: number | null): string =>
  sampling === null
    ? 'no amplification by sampling'
    : `amplified by sampling: each participant was in a round with probability ${sampling}, drawn in secret, and towards whoever is told who was in which round the bound is weaker`;

/** What held for the head alone, where something did. */
function headOf({ rate, warmUp }: RunConfig['local']['head']): string {
  const own = rate === 1 ? '' : `; the head at ${rate} times the learning rate`;
  const { rounds } = warmUp;
  switch (warmUp.kind) {
    case 'trained':
      return rounds === 0
        ? own
        : `${own}; the first ${rounds} rounds train the head alone, ${warmUp.epochs} epochs each`;
    case 'closed-form':
      return `${own}; the first ${rounds === 1 ? 'round computes' : `${rounds} rounds compute`} the head in closed form, from sums over samples${warmUp.every > 0 ? `, then every ${warmUp.every} rounds and the last` : ''}`;
    default:
      return warmUp satisfies never;
  }
}

/** The Hub's name of the task. */
const pipelineOf = ({ data, task }: RunConfig): string => taskNamed(task.name).wordsOn(data.kind).pipeline;

/** A measured number as the Hub names it, and in words. */
interface Metric extends HubMetric {
  readonly value: number;
}

type Measured = Pick<RunView['rounds'][number], 'accuracy' | 'loss' | 'medianAccuracy' | 'medianLoss'>;

/** What was measured on held-out data, by what the run was for. */
const metricsOf = (config: RunConfig, { accuracy, loss }: Measured): Metric[] =>
  metrics(config, accuracy, loss);

/** The same of the median participant. */
const mediansOf = (config: RunConfig, { medianAccuracy, medianLoss }: Measured): Metric[] =>
  metrics(config, medianAccuracy, medianLoss);

function metrics({ task }: RunConfig, accuracy: number | null, loss: number | null): Metric[] {
  const { hub, ofLoss } = taskNamed(task.name);
  const right = accuracy === null ? [] : [{ ...hub.metric, value: accuracy }];
  if (loss === null) return right;
  const said = ofLoss === null ? [] : [{ ...ofLoss, value: ofLoss.value(loss) }];
  return [...right, { type: 'loss', name: 'loss', value: loss }, ...said];
}

const inWords = (metrics: readonly Metric[]): string =>
  metrics
    .map(({ type, name, value }) => `${name} ${value.toFixed(type === 'perplexity' ? 2 : 4)}`)
    .join(', ');

const kinds = { image: 'images', text: 'texts' } as const;

const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');

/** Only of the Hub can a base model be linked to; random weights have none. */
function baseModel({ model, initial }: RunConfig): string[] {
  if (initial === 'random') return [];
  const repository = typeof model === 'string' ? null : /^hub:([^@]+)/.exec(model.source)?.[1];
  return repository ? [`base_model: ${JSON.stringify(repository)}`] : [];
}

/** What the run reported, as the Hub keeps results of an evaluation (`model-index`); JSON is YAML as well. */
function measured(config: RunConfig, last: RunView['rounds'][number] | undefined): string[] {
  if (last?.accuracy == null) return [];
  const { name: _, ...options } = config.task;
  const results = {
    task: { type: pipelineOf(config) },
    dataset: {
      type: 'held-out',
      name: 'Held out on the devices of the participants',
      args: {
        ...(config.aggregation.sealing.kind === 'sealed' || last.accuracyNoise !== null
          ? {}
          : { samples: last.evaluatedSamples }),
        ...(last.accuracyNoise === null ? {} : { noise: last.accuracyNoise }),
        round: last.round,
        ...options,
      },
    },
    metrics: [
      ...metricsOf(config, last),
      ...mediansOf(config, last).map((m) => ({ ...m, name: `${m.name}, median participant` })),
    ],
  };
  return [`model-index: ${JSON.stringify([{ name: config.name, results: [results] }])}`];
}

/** `{kind: 'fixed', unit: 'layers', amount: 2}` as "fixed (unit layers, amount 2)". */
const budgetOf = ({ kind, ...rest }: RunConfig['budget']): string => described({ name: kind, ...rest });

/** `{name: 'strata', lambda: 1}` as "strata (lambda 1)". */
function described({ name, ...options }: { readonly name: string }): string {
  const parts = Object.entries(options).map(([key, value]) => `${key} ${String(value)}`);
  return parts.length === 0 ? name : `${name} (${parts.join(', ')})`;
}

function range(counts: readonly number[]): string {
  if (counts.length === 0) return 'none';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(least) : `${least} to ${most}`;
}
