import {
  Alert,
  Button,
  NativeSelect,
  NumberInput,
  Radio,
  SimpleGrid,
  Stack,
  Switch,
  Text,
} from '@mantine/core';
import { useMemo } from 'react';
import { Panel } from '../../../shared/components/Panel.tsx';
import type { ConfigForm, SectionProps } from '../form.ts';
import { PromiseFields } from './PromiseFields.tsx';
import {
  fitted,
  type PrivacyState,
  privacyState,
  startFigures,
  startPrivacy,
  type Verdict,
} from './privacy-state.ts';
import { SealingFields } from './SealingFields.tsx';

/** What the server sees, and what the models of the run may tell of one participant. */
export function PrivacySection({ form, catalog }: SectionProps) {
  const { privacy } = form.values;
  const state = useMemo(() => privacyState(form.values, catalog), [form.values, catalog]);
  return (
    <Panel
      step={5}
      title="Privacy"
      hint="Sealing keeps single updates from the server. Differential privacy bounds what is told of one participant, or of one sample of one. Where the server adds the noise it is trusted, since it sees updates before; in a sealed run participants add it themselves, and each sample a participant protects by itself in a run that is not sealed."
    >
      <Stack gap="md">
        <SealingFields form={form} catalog={catalog} />
        <Radio.Group
          label="What the models may tell of a participant"
          value={privacy.kind}
          onChange={(kind) => form.setFieldValue('privacy', startPrivacy[kind as keyof typeof startPrivacy])}
        >
          <Stack gap="xs" mt={6}>
            <Radio
              value="none"
              label="No bound"
              description="Models take in updates as they are. They may tell more of a participant than one would think."
            />
            <Radio
              value="client"
              label="Differential privacy"
              description="Every participant’s update is cut to a length, all weigh the same, and noise is added before anybody sees the model. It costs accuracy, a lot with few participants."
              data-testid="private"
            />
            <Radio
              value="distributed"
              label="Differential privacy, noise by participants"
              description="In a sealed run: every device cuts its update to a length and adds a part of the noise before it is sealed, so that not even the server sees anything without noise. No losses, accuracies or scores are sent."
              data-testid="private-distributed"
            />
            <Radio
              value="sample"
              label="Differential privacy of each sample, by participants themselves"
              description="For few participants with many samples each. A device adds noise to each step before it sends anything, so that you need not be trusted with updates; it costs accuracy, time, and all figures that participants measure."
              data-testid="private-samples"
            />
          </Stack>
        </Radio.Group>
        {privacy.kind === 'client' && <ClientFields form={form} />}
        {privacy.kind === 'sample' && (
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <PromiseFields form={form} of="sample" />
          </SimpleGrid>
        )}
        {privacy.kind === 'distributed' && <DistributedFields form={form} />}
        <div role="status" data-testid="privacy-plan" data-kind={state.kind}>
          <Outcome form={form} state={state} />
        </div>
      </Stack>
    </Panel>
  );
}

function DistributedFields({ form }: { form: ConfigForm }) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <PromiseFields form={form} of="participant" />
      <NumberInput
        label="May work with the server"
        description="Participants of a sum who give their noise away; the others add so much more"
        allowDecimal={false}
        min={0}
        {...form.getInputProps('privacy.colluding')}
      />
    </SimpleGrid>
  );
}

function ClientFields({ form }: { form: ConfigForm }) {
  const { onChange: sample, value: rate, ...sampling } = form.getInputProps('privacy.sampling');
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <PromiseFields form={form} of="participant" />
      <NumberInput
        label="Chance to be in a round"
        description="Drawn in secret, so that less noise will do; empty: cohorts as in any run"
        placeholder="no secret"
        min={0.001}
        max={0.9}
        step={0.05}
        {...sampling}
        value={rate ?? ''}
        onChange={(typed) => sample(typed === '' ? null : typed)}
      />
      <Switch
        label="Let the length follow"
        description="Until half of the updates are shorter; for 2 % more noise"
        checked={form.values.privacy.kind === 'client' && form.values.privacy.quantile !== null}
        onChange={(event) => form.setFieldValue('privacy.quantile', event.currentTarget.checked ? 0.5 : null)}
      />
      <FiguresFields form={form} />
    </SimpleGrid>
  );
}

/** What is told of how models do. */
function FiguresFields({ form }: { form: ConfigForm }) {
  const { privacy } = form.values;
  if (privacy.kind !== 'client') return null;
  return (
    <>
      <NativeSelect
        label="Held-out figures"
        description="What you are told of how models do on participants’ data"
        data={Object.entries(figureChoices).map(([value, label]) => ({ value, label }))}
        value={privacy.figures.kind}
        onChange={(event) =>
          form.setFieldValue(
            'privacy.figures',
            startFigures[event.currentTarget.value as keyof typeof startFigures],
          )
        }
        data-testid="private-figures"
      />
      {privacy.figures.kind === 'noised' && (
        <NumberInput
          label="Its share of ε"
          description="Of what a round spends; the more, the less noise on it and the more on the model"
          min={0.01}
          max={0.5}
          step={0.05}
          {...form.getInputProps('privacy.figures.share')}
        />
      )}
    </>
  );
}

const figureChoices = {
  withheld: 'none: nobody is asked',
  noised: 'the mean accuracy, with noise, within ε',
  reported: 'all as reported: ε does not cover them',
} as const satisfies Record<keyof typeof startFigures, string>;

const colors = { usable: 'tide', drowned: 'ochre', nonsense: 'red' } as const satisfies Record<
  Verdict,
  string
>;
const titles: Readonly<Record<Verdict, string>> = {
  usable: 'What it comes to',
  drowned: 'More noise than learning is likely',
  nonsense: 'Nothing would be learned',
};

function Outcome({ form, state }: { form: ConfigForm; state: PrivacyState }) {
  switch (state.kind) {
    case 'none':
      return null;
    case 'conflicts':
      return (
        <Alert color="ochre" variant="light" title="Other settings would let data through">
          <Stack gap="xs" align="start">
            {state.sentences.map((sentence) => (
              <Text size="sm" key={sentence}>
                {sentence}
              </Text>
            ))}
            <Button
              variant="default"
              size="xs"
              data-path={state.paths[0]}
              onClick={() => form.setValues(fitted(form.values, state.paths))}
            >
              Use settings that fit
            </Button>
          </Stack>
        </Alert>
      );
    case 'plan':
      return (
        <Alert
          color={colors[state.verdict]}
          variant="light"
          title={titles[state.verdict]}
          data-verdict={state.verdict}
        >
          <Stack gap="xs">
            {state.sentences.map((sentence) => (
              <Text size="sm" key={sentence}>
                {sentence}
              </Text>
            ))}
          </Stack>
        </Alert>
      );
    default:
      return state satisfies never;
  }
}
