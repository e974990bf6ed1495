import { Table, Text } from '@mantine/core';
import type { MemberView, RoundDetail, RoundSummary, RunView } from '@strata/fl-core/protocol';
import { Panel } from '../../shared/components/Panel.tsx';
import { bytes, count, percent, score, seconds } from '../../shared/texts/format.ts';
import { metricTitle } from '../../shared/texts/metric-text.ts';
import dashboard from './Dashboard.module.css';
import { memberRows, sinceText, staleText } from './members.ts';
import { SaveMenu } from './SaveMenu.tsx';

const states: Readonly<Record<MemberView['state'], string>> = {
  working: 'working',
  probed: 'has probed',
  trained: 'has trained',
  evaluated: 'has evaluated',
  left: 'left',
};

interface MembersPanelProps {
  readonly run: RunView;
  /** Null before there is a round, and while or where none can be loaded: the masks say so. */
  readonly round: RoundDetail | null;
}

/** What each participant of a round measured and moved, and how long the phases took. */
export function MembersPanel({ run, round }: MembersPanelProps) {
  const names = new Map(run.clients.map(({ id, name }) => [id, name]));
  const metric = metricTitle(run.config.task.name);
  const sealed = run.config.aggregation.sealing.kind === 'sealed';
  const told = toldOf(run.config.privacy);
  return (
    <Panel
      title={round === null ? 'Participants of a round' : `Participants of round ${round.round}`}
      hint={hints[told === 'figures' && sealed ? 'sums' : told]}
      testId="members"
      fill
      controls={
        round !== null &&
        round.members.length > 0 && (
          <SaveMenu
            title={`Participants of round ${round.round}`}
            rows={() => memberRows(round, names, sealed)}
          />
        )
      }
    >
      {round === null || round.members.length === 0 ? (
        <div className={dashboard.empty}>
          <Text size="sm" c="dimmed">
            Appears when the first cohort is fixed.
          </Text>
        </div>
      ) : (
        <>
          <Text size="sm" c="dimmed" mb="xs" className="tabular" data-testid="phase-seconds">
            {phases(run.rounds.find((r) => r.round === round.round) ?? round)}
          </Text>
          {round.stale !== null && (
            <Text size="sm" c="dimmed" mb="xs" data-testid="stale">
              {staleText(round.stale, round.updates)}
            </Text>
          )}
          <Table miw={640} fz="sm" verticalSpacing={5}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Participant</Table.Th>
                <Table.Th scope="col">State</Table.Th>
                {[...titles(told, metric), 'Received', 'Sent'].map((title) => (
                  <Table.Th key={title} scope="col" ta="right">
                    {title}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {round.members.map((member) => (
                <Row
                  key={member.client}
                  member={member}
                  round={round.round}
                  name={names.get(member.client) || member.client}
                  told={told}
                />
              ))}
            </Table.Tbody>
          </Table>
        </>
      )}
    </Panel>
  );
}

/** What a participant tells of itself beside what the server counts. */
type Told = 'figures' | 'claims' | 'updates' | 'nothing';

function toldOf(privacy: RunView['config']['privacy']): Told {
  switch (privacy.kind) {
    case 'none':
      return 'figures';
    case 'client':
      return privacy.figures.kind === 'reported' ? 'figures' : 'updates';
    case 'sample':
      return 'claims';
    case 'distributed':
      return 'nothing';
    default:
      return privacy satisfies never;
  }
}

const hints = {
  figures:
    'As each of them reports it: training loss of its last epoch, loss and the share of right answers on what it held out, bytes received and sent in the round.',
  sums: 'The round is sealed: figures of a participant are not known, their sums stand in the charts. Bytes are those received and sent in the round.',
  claims:
    'Each protects its samples by itself: it reports what it says it has spent (ε), and no losses or accuracies. Bytes are those received and sent in the round.',
  updates:
    'What a participant measured is not shown, since the run’s bound would not cover it. Bytes are those received and sent in the round.',
  nothing:
    'No figure of them leaves their devices, in sums neither: only changes do, clipped, noised and sealed. Bytes are those received and sent in the round.',
} as const satisfies Record<Told | 'sums', string>;

const titles = (told: Told, metric: string): string[] =>
  told === 'figures'
    ? ['Training loss', 'Held-out loss', metric, 'Held out']
    : told === 'claims'
      ? ['ε, as claimed']
      : [];

function measured({ trainLoss, evaluation, epsilon }: MemberView, told: Told): string[] {
  if (told === 'nothing' || told === 'updates') return [];
  if (told === 'claims') return [epsilon === null ? '–' : epsilon.toFixed(2)];
  return [
    trainLoss === null ? '–' : score(trainLoss),
    evaluation === null ? '–' : score(evaluation.loss),
    evaluation === null ? '–' : percent(evaluation.accuracy),
    evaluation === null ? '–' : count(evaluation.samples),
  ];
}

interface RowProps {
  readonly member: MemberView;
  readonly round: number;
  readonly name: string;
  readonly told: Told;
}

function Row({ member, round, name, told }: RowProps) {
  const { client, state, bytesDown, updateBytes } = member;
  const cells = [
    ...measured(member, told),
    bytes(bytesDown),
    updateBytes === null ? '–' : bytes(updateBytes),
  ];
  return (
    <Table.Tr data-member={client}>
      <Table.Th scope="row" fw={550}>
        <bdi>{name}</bdi>
      </Table.Th>
      <Table.Td c="dimmed">
        {states[state]}
        {sinceText(member, round)}
      </Table.Td>
      {cells.map((text, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the columns stay.
        <Table.Td key={i} ta="right">
          {text}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

/** Of the run's view, which goes on while the round's detail is of when it was loaded. */
function phases({ seconds: s }: Pick<RoundSummary, 'seconds'>): string {
  const parts = [
    ['probe', s.probing],
    ['select', s.selecting],
    ['train', s.training],
    ['share keys', s.sealing],
    ['send', s.uploading],
    ['unmask', s.unmasking],
    ['aggregate', s.aggregating],
    ['evaluate', s.evaluating],
  ] as const;
  return parts.flatMap(([name, value]) => (value > 0 ? [`${name} ${seconds(value)}`] : [])).join(' · ');
}
