import { guaranteeOf, modelName, specOf } from '@strata/fl-core/models/layouts';
import {
  type AuditPage,
  backendNames,
  type ClientPrivacy,
  type RunConfig,
  type RunView,
  secretSampling,
} from '@strata/fl-core/protocol';
import { newestKept } from '@strata/fl-core/rounds';

export interface DataSheetFacts {
  readonly run: RunView;
  /** The end of the audit log. */
  readonly audit: Pick<AuditPage, 'count' | 'head'>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * What an ethics board asks of a run, as Markdown: what it is, who takes part, what leaves a device, what is guaranteed
 * and what is not, how long what is kept, third parties. Made of the run as it is stored; nobody writes it.
 */
export function dataSheet({ run, audit, now }: DataSheetFacts): string {
  const { config } = run;
  return [
    `# Data sheet: ${line(config.name)}`,
    `Made by Strata on ${day(now)} of run \`${run.id}\`, which is ${run.state}: ${run.committed} of ${config.rounds} rounds are done.`,
    ...section('What it is', [
      ...(config.description === '' ? [] : [line(config.description)]),
      `Several participants fine-tune one model, ${line(specOf(config).title)} (${line(modelName(config.model))}), for the task ${config.task.name}${labelsText(config)}. Their data stays on their devices.`,
      purposeText(config),
    ]),
    ...section('Who takes part', [
      visibilities[config.visibility],
      ...(config.approval
        ? ['Whoever is new waits until an operator has let them in, and takes no part before.']
        : []),
      secretSampling(config) === null
        ? `A round begins with at least ${config.cohort.minimum} participants; ${config.cohort.goal} are wanted.`
        : `A round begins when at least ${config.cohort.minimum} participants are there; who of them is in it is drawn in secret.`,
      ...(config.cohort.timing.kind === 'buffered'
        ? [
            `Rounds are buffered: up to ${config.cohort.timing.atWork} participants are at work at once, and a model may mix changes that were made of models up to ${config.cohort.timing.staleness} commits old; the older, the less they count.`,
          ]
        : []),
      ...eligibleText(config),
      `${participantsOf(run).length} participants are listed${sitesText(run)}.`,
    ]),
    ...section('What leaves a device', [
      ...leavingOf(config),
      'A signature of each update, and the public key that it can be checked by, where the participant’s browser has one.',
      'Where a device cannot go on, the reason, in Strata’s own words.',
    ]),
    ...section('What stays on a device', [
      `The ${config.data.kind === 'image' ? 'pictures' : 'texts'}, which label each has,${sumsLeave(config) ? '' : ' how many there are of each label,'} and the names of files and folders. A prepared copy is kept in the participant’s browser until the button of the page deletes it.`,
    ]),
    ...section('What is guaranteed, and what is not', [
      ...guaranteesOf(run),
      'The code of the pages comes from the server at every visit: participants trust who runs it for that. Encryption on the way is that of the server’s address (https), and data at rest is protected by its file system alone.',
    ]),
    ...section('What is kept, and for how long', [
      'An update is deleted when its round is over.',
      modelsKeptText(config),
      recordsKeptText(config),
      'An operator deletes a run that is over with all of that, and is told what it was. The audit log keeps its entries of it, which hold no figures of participants.',
    ]),
    ...section('Who operates it', [
      'Accounts with a role: viewers look, operators make, steer and export runs, owners say who is what.',
      `Their decisions and the hashes of every committed model are on record in a chain; when this was made it ended with entry ${audit.count}, \`${audit.head}\`.`,
      'Of each model there stand the hashes of the updates that it was made of, with their participants’ signatures: nobody can put another update in somebody’s name, and a site can show what it sent.',
    ]),
    ...section('Third parties', [
      'None: pages and training load nothing from elsewhere, and the server sends nothing of a run anywhere.',
      ...(typeof config.model === 'string'
        ? []
        : [`The model that it began with came from ${line(config.model.source)}; nothing goes back there.`]),
    ]),
    '',
  ].join('\n\n');
}

function eligibleText({ cohort: { eligible } }: RunConfig): string[] {
  const { backends, samples } = eligible;
  const wanted = [
    ...(backends.length < backendNames.length ? [`train by ${backends.join(' or ')}`] : []),
    ...(samples > 1 ? [`have ${samples} samples or more to train on`] : []),
  ];
  return wanted.length === 0
    ? []
    : [`Devices take part that ${wanted.join(' and ')}, by what they say themselves.`];
}

function modelsKeptText(config: RunConfig): string {
  const { best, every } = config.retention;
  const more = [
    ...(best > 0 ? [`the ${best} with the lowest held-out loss`] : []),
    ...(every === null ? [] : [`every ${every}th`]),
  ];
  return `Of the models of the rounds the first and the newest ${newestKept(config)} keep their weights${more.map((m) => `, ${m}`).join('')}; all others the hashes alone.`;
}

function recordsKeptText({ retention }: RunConfig): string {
  const after = (days: number) => `${days} ${days === 1 ? 'day' : 'days'} after the run’s end`;
  const { participants, run } = retention;
  return [
    participants === null
      ? 'Participants, their scores and figures, and of the log about 10,000 lines of each source are kept as long as the run.'
      : `Participants, their scores and figures, and the log are deleted ${after(participants)}.`,
    run === null
      ? 'The run is kept until somebody deletes it.'
      : `The run is deleted with all models ${after(run)}.`,
  ].join(' ');
}

/** What of held-out samples leaves beside their number, and what becomes of it. */
const figuresTold = {
  withheld: '; no losses and no accuracies',
  noised:
    ', and the accuracy on the latter, of which the mean over participants is published with noise and nothing else kept; no losses',
  reported: ', losses and accuracy on them',
} as const satisfies Record<ClientPrivacy['figures']['kind'], string>;

/** Whether sums over samples leave devices, from which the head is computed. */
const sumsLeave = ({ local }: RunConfig): boolean => local.head.warmUp.kind === 'closed-form';

function leavingOf(config: RunConfig): string[] {
  const { aggregation, privacy, strategy, local } = config;
  const { sealing } = aggregation;
  const device =
    'progress, pauses and times; the kind of device; the name that the participant gives, if any; the network address, as with any page.';
  if (privacy.kind === 'sample') {
    return [
      'Changes of the layers that a participant trained, noised on its device before they leave.',
      `The number of training samples, and what the participant has spent of its bound (ε); ${device}`,
      'No losses, no accuracies, no scores of layers: there is no noise on them.',
    ];
  }
  if (sealing.kind === 'open') {
    return [
      `Changes of the layers that a participant trained, and for each selectable layer one number that says how much it matters (where the strategy ${strategy.name} asks for it).`,
      ...(sumsLeave(config)
        ? [
            `In the first ${local.head.warmUp.rounds === 1 ? 'round' : `${local.head.warmUp.rounds} rounds`} and wherever the head is computed anew, in the place of changes, sums over a participant’s samples of what enters the last layer and of that by label: they tell how many samples it has of each label.`,
          ]
        : []),
      `The numbers of training and of held-out samples${figuresTold[privacy.kind === 'client' ? privacy.figures.kind : 'reported']}; ${device}`,
    ];
  }
  return [
    privacy.kind === 'distributed'
      ? 'Changes of the layers that a participant trained, clipped and with noise, as masked words, of which only the sum over the participants of a round can be read. Its number of samples, losses, accuracy and how much each layer matters stay on its device.'
      : 'Changes of the layers that a participant trained, its number of samples, losses, accuracy and how much each layer matters: all of it as masked words, of which only the sum over the participants of a round can be read.',
    'Public keys and signatures of each round, and encrypted shares of secrets for the other participants.',
    `In the clear: ${device}`,
  ];
}

const purposes = {
  study:
    'It is a study: no round has fewer than 3 participants, and no model is made of fewer than 3 updates.',
  test: 'It is a **test**: a round may have a single participant, whose data what is sent could then tell of.',
} as const satisfies Record<RunConfig['purpose']['kind'], string>;

function purposeText(config: RunConfig): string {
  const { purpose, aggregation } = config;
  const { sealing } = aggregation;
  const rate = secretSampling(config);
  if (rate !== null) {
    return `It is a ${purpose.kind === 'study' ? 'study' : '**test**'}. Each participant who is there takes part in a round with probability ${rate}, drawn in secret; a model may be of few of them, or of none, and is noised all the same.`;
  }
  if (purpose.kind === 'test' && sealing.kind === 'sealed') {
    return `It is a **test**; being sealed, no model is made of fewer than ${sealing.atLeast} updates all the same.`;
  }
  return purposes[purpose.kind];
}

const visibilities = {
  invited: 'Who has the join link, or an invitation, sees the run and can join it.',
  named: 'Only who has an invitation, which has so many places and an end, sees the run and can join it.',
  listed: 'Everybody who reaches the server sees the run and can join it.',
} as const satisfies Record<RunConfig['visibility'], string>;

/** What a participant can rely on. Whoever adds a protection says here what it is of. */
function guaranteesOf({ config, spent }: RunView): string[] {
  const { purpose, privacy, aggregation } = config;
  return [
    secretSampling(config) !== null
      ? 'How many participants a model mixes is a secret of the server’s, which the bound below rests on: whoever operates this server knows who was in which round, and must not tell.'
      : purpose.kind === 'study'
        ? 'Nobody but the server sees a model that fewer than 3 participants made.'
        : aggregation.sealing.kind === 'sealed'
          ? `Each layer of a model mixes at least ${aggregation.sealing.atLeast} participants, or stays as it was.`
          : 'How many participants a model mixes is not guaranteed.',
    aggregation.sealing.kind === 'sealed'
      ? `**${privacy.kind === 'distributed' ? 'Updates are sealed, and noised before that' : 'Updates and figures are sealed'}**: the server sees sums of at least ${aggregation.sealing.atLeast} participants alone, as long as it keeps to the protocol and serves the pages of the project unchanged. A layer that fewer trained is not opened. ${privacy.kind === 'distributed' ? 'What the sums tell of one member is bounded as said below; who' : 'What a sum tells of its members is not bounded by that, and who'} trained which layers is known.`
      : privacy.kind === 'sample'
        ? 'The server sees each participant’s update, with the noise that the participant has put on it.'
        : '**The server sees each participant’s update before it mixes them**: of few participants, small batches and few steps samples can be reconstructed from it.',
    `${privacy.kind === 'sample' ? 'What is told of one sample' : 'What models tell of one participant'}: ${guaranteeOf(privacy, spent)}`,
    privacy.kind === 'none' || privacy.kind === 'sample'
      ? `Updates are mixed by the rule ${aggregation.rule.name}, weighted by ${aggregation.sealing.kind === 'sealed' ? 'samples up to a bound, which travel in the sums' : 'claims that are bounded'}.`
      : 'Updates are mixed by their mean, each with the same weight.',
  ];
}

const labelsText = ({ labels }: RunConfig): string =>
  labels.length === 0
    ? ''
    : ` (${labels.length} labels: ${labels.slice(0, 20).map(line).join(', ')}${labels.length > 20 ? ', …' : ''})`;

/** Without those whom nobody has let in. */
const participantsOf = ({ clients }: RunView): RunView['clients'] =>
  clients.filter(({ awaitsApproval }) => !awaitsApproval);

/** The sites whose invitations participants came by, each with how many did. */
function sitesText(run: RunView): string {
  const sites = new Map<string, number>();
  for (const { site } of participantsOf(run)) if (site !== '') sites.set(site, (sites.get(site) ?? 0) + 1);
  if (sites.size === 0) return '';
  const texts = [...sites].sort().map(([site, n]) => `${line(site)}: ${n}`);
  return `, by invitation of ${texts.join('; ')}`;
}

const section = (title: string, points: readonly string[]): string[] => [
  `## ${title}`,
  points.map((point) => `- ${point}`).join('\n'),
];

/** What people wrote, as one line that makes no Markdown. */
const line = (text: string): string => text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>#|]/g, '\\$&');

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
