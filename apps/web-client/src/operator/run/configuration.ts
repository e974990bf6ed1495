import { samples } from '@strata/fl-core/data';
import { modelName } from '@strata/fl-core/models/layouts';
import type { ClientPrivacy, RunConfig } from '@strata/fl-core/protocol';
import { budgetText } from '../../shared/texts/budget-text.ts';
import { percent, plural } from '../../shared/texts/format.ts';
import { ignoresBudget, strategyText } from '../strategy-text.ts';
import { taskFacts } from '../task-text.ts';

type Fact = readonly [name: string, value: string];

/** What made a run's results what they are, by name: whoever quotes a figure can say what it is of. */
export function configurationFacts(config: RunConfig): readonly Fact[] {
  const { cohort, selection, purpose } = config;
  return [
    ['Model', `${modelName(config.model)}${config.initial === 'random' ? ', random weights' : ''}`],
    ['Task', taskFacts(config).join(', ')],
    ['Data', dataText(config)],
    [
      'Held out',
      config.privacy.kind === 'sample'
        ? 'nothing: figures would have no noise'
        : `${percent(config.local.holdOut, 0)} of each participant’s samples, on its device`,
    ],
    ['Layers', strategyText(config.strategy)],
    ['Budget', ignoresBudget(config.strategy) ? 'none' : budgetText(config.budget)],
    ['Scores', `${selection.scores === 'raw' ? 'raw' : 'as shares'}, chosen ${everyText(selection.every)}`],
    ['Local work', localText(config)],
    ['Learning rate', rateText(config)],
    [
      'Aggregation',
      `${described(config.aggregation.rule)}; server ${described(config.aggregation.optimizer)}${participationText(config)}`,
    ],
    ['Sealing', sealingText(config)],
    ['Privacy', privacyText(config)],
    ['Who may join', joinText(config)],
    ['Rounds', `${config.rounds}, with ${plural(cohort.goal, 'update')} each, ${cohort.minimum} at least`],
    ['Slow devices', slowText(config)],
    ['Seed', `${config.seed}${purpose.kind === 'test' ? ', a test' : ''}`],
  ];
}

function slowText({ cohort: { timing }, local: { timeBox } }: RunConfig): string {
  if (timing.kind === 'buffered') {
    return `carried on: ${timing.atWork} at work at once, each update as long as its model is no more than ${plural(timing.staleness, 'commit')} old, the less the staler its layers`;
  }
  return timeBox === null ? 'left out' : `stopped ${timeBox} s before training closes`;
}

const joinText = ({ visibility, approval }: RunConfig): string =>
  `${{ invited: 'who has the join link', named: 'who has an invitation', listed: 'everybody' }[visibility]}${approval ? ', let in by an operator' : ''}`;

const participationText = ({ aggregation: { participation } }: RunConfig) =>
  participation === 'none' ? '' : `; layers of a part of the cohort: ${participation}`;

const sealingText = ({ aggregation: { sealing } }: RunConfig): string =>
  sealing.kind === 'open'
    ? 'none: the server sees each update'
    : `sealed: the server sees sums of at least ${sealing.atLeast} participants; a weight grows up to ${plural(sealing.samples, 'sample')}`;

function privacyText({ privacy }: RunConfig): string {
  if (privacy.kind === 'none') return 'no bound';
  if (privacy.kind === 'sample') {
    return `differential, towards each sample, by participants themselves: ε ${privacy.epsilon}, δ ${privacy.delta}, longest gradient ${privacy.clip}, ${privacy.noise === null ? 'noise by ε, rounds and samples' : `noise ${privacy.noise}`}`;
  }
  const noise = privacy.noise === null ? 'noise by ε and rounds' : `noise ${privacy.noise}`;
  if (privacy.kind === 'distributed') {
    return `differential, towards a participant, of sums that participants noise themselves: ε ${privacy.epsilon}, δ ${privacy.delta}, longest update ${privacy.clip}, ${noise}${privacy.colluding === 0 ? '' : `; up to ${privacy.colluding} of a sum may give their noise away`}`;
  }
  return `differential, towards a participant: ε ${privacy.epsilon}, δ ${privacy.delta}, longest update ${privacy.clip}${privacy.quantile === null ? '' : ' at first'}, ${noise}${privacy.sampling === null ? '' : `; cohorts drawn in secret, each with a chance of ${privacy.sampling}`}; ${figuresText(privacy.figures)}`;
}

function figuresText(figures: ClientPrivacy['figures']): string {
  switch (figures.kind) {
    case 'withheld':
      return 'held-out figures withheld';
    case 'noised':
      return `mean accuracy with noise, for ${percent(figures.share, 0)} of what a round spends`;
    case 'reported':
      return 'held-out figures as reported, not covered';
    default:
      return figures satisfies never;
  }
}

function dataText({ data }: RunConfig): string {
  if (data.sample === null) return 'participants’ own';
  const { title, split } = samples[data.sample];
  return `${title}, ${splits[split]}; or participants’ own`;
}

const splits = { dirichlet: 'a mix of labels each', domain: 'a drawing style each' } as const;

const everyText = (every: number) => (every === 1 ? 'every round' : `every ${every} rounds`);

function localText({ local }: RunConfig): string {
  const most = local.maxBatches > 0 ? `, at most ${plural(local.maxBatches, 'batch', 'batches')} each` : '';
  return `${plural(local.epochs, 'epoch')} in batches of ${local.batchSize}${most}${warmUpText(local.head.warmUp)}`;
}

function warmUpText(warmUp: RunConfig['local']['head']['warmUp']): string {
  if (warmUp.rounds === 0) return '';
  const rounds = plural(warmUp.rounds, 'round');
  switch (warmUp.kind) {
    case 'trained':
      return `; before, the head alone for ${rounds} of ${plural(warmUp.epochs, 'epoch')}`;
    case 'closed-form':
      return `; before, the head alone, computed from sums over samples (${rounds}${warmUp.every > 0 ? `, then every ${warmUp.every} and in the last` : ''})`;
    default:
      return warmUp satisfies never;
  }
}

function rateText({ local: { optimizer, schedule, head } }: RunConfig): string {
  const { name, learningRate, ...more } = optimizer;
  const others = Object.entries(more).flatMap(([key, value]) =>
    value === 0 ? [] : [`${key === 'weightDecay' ? 'weight decay' : key} ${value}`],
  );
  const warmUp = schedule.warmUp > 0 ? `, warm-up ${percent(schedule.warmUp, 0)}` : '';
  const own = head.rate === 1 ? [] : [`head × ${head.rate}`];
  return [`${learningRate}, ${name}`, ...own, ...others, `${schedule.name}${warmUp}`].join(', ');
}

/** `{name: 'krum', f: 1}` as `krum (f 1)`. */
function described({ name, ...options }: { readonly name: string }): string {
  const parts = Object.entries(options).map(([key, value]) => `${key} ${String(value)}`);
  return parts.length === 0 ? name : `${name} (${parts.join(', ')})`;
}
