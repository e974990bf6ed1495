import type { RunConfig, RunView } from '../../protocol/index.ts';
import { specOf } from '../spec-of.ts';

/** What a card says of a run; nothing of a participant but counts. */
export type CardFacts = Pick<RunView, 'id' | 'config' | 'rounds' | 'checkpoint'>;

/** `README.md` of an export, with the front matter that the Hugging Face Hub reads. */
export function modelCard({ id, config, rounds, checkpoint }: CardFacts): string {
  const spec = specOf(config.model);
  const committed = rounds.filter((r) => r.phase === 'committed' && r.round <= checkpoint.round);
  const last = committed.find((r) => r.round === checkpoint.round);
  const front = [
    '---',
    `license: ${JSON.stringify(spec.licence.toLowerCase())}`,
    ...baseModel(config),
    `pipeline_tag: ${config.data.kind === 'image' ? 'image-classification' : 'text-classification'}`,
    'tags:',
    '  - federated-learning',
    '  - strata',
    '---',
  ];
  const body = [
    `# ${config.name}`,
    ...(config.description === '' ? [] : [config.description]),
    `Fine-tuned by Strata (run ${id}): federated, in browsers, on ${kinds[config.data.kind]} that never left the participants' devices; of each round only the changes of a few layers did.`,
    '## Training',
    list([
      `Started from: ${spec.title}${config.initial === 'random' ? ', with random weights' : ''}`,
      `Rounds committed: ${checkpoint.round}, of ${config.rounds} planned`,
      `Strategy: ${described(config.strategy)}`,
      `Aggregation: ${described(config.aggregation.rule)}, server optimizer ${described(config.aggregation.optimizer)}`,
      `Local work a round: ${config.local.passes} passes, batches of ${config.local.batchSize}, ${described(config.local.optimizer)}`,
      `Participants a round: ${range(committed.map((r) => r.updates))}`,
      'Privacy: raw data stayed on the devices; updates were neither clipped for privacy nor noised.',
    ]),
    '## Labels',
    list(config.labels.map((label, i) => `${i}: ${label}`)),
    '## Metrics',
    last?.accuracy == null
      ? 'Nobody evaluated this round.'
      : `On ${last.evaluatedSamples} samples held out on the devices, after round ${last.round}: accuracy ${last.accuracy.toFixed(4)}${last.loss == null ? '' : `, loss ${last.loss.toFixed(4)}`}.`,
    '## Use',
    usage(config),
  ];
  return `${front.join('\n')}\n\n${body.join('\n\n')}\n`;
}

const kinds = { image: 'images', text: 'texts' } as const;

const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');

/** Only of the Hub can a base model be linked to; random weights have none. */
function baseModel({ model, initial }: RunConfig): string[] {
  if (initial === 'random') return [];
  const repository = typeof model === 'string' ? null : /^hub:([^@]+)/.exec(model.source)?.[1];
  return repository ? [`base_model: ${JSON.stringify(repository)}`] : [];
}

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

function usage(config: RunConfig): string {
  const spec = specOf(config.model);
  switch (spec.architecture) {
    case 'use-lite':
      return 'The sentence encoder is no architecture of transformers: `model.safetensors` opens with the safetensors library, and Strata can run it.';
    case 'clip':
      return '`model.safetensors` opens with `CLIPVisionModelWithProjection`; its tensors `classifier.weight` and `classifier.bias` are a linear map of `image_embeds`.';
    case 'vit':
      return config.side === spec.pretrainedSide
        ? 'Opens with `AutoModelForImageClassification.from_pretrained`.'
        : `Opens with \`AutoModelForImageClassification.from_pretrained\`. It was trained on images of ${config.side} pixels: call it with \`interpolate_pos_encoding=True\`.`;
    case 'bert':
    case 'roberta':
    case 'distilbert':
      return 'Opens with `AutoModelForSequenceClassification.from_pretrained`.';
    case 'gpt2':
      return spec.task === 'next-token'
        ? 'Opens with `AutoModelForCausalLM.from_pretrained`.'
        : 'Opens with `AutoModelForSequenceClassification.from_pretrained`.';
    default:
      return spec satisfies never;
  }
}
