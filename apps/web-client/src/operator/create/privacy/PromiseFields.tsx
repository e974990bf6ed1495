import { NumberInput } from '@mantine/core';
import type { ConfigForm } from '../form.ts';

/** What a promise is of: a participant with all its data, or one sample. */
type Of = 'participant' | 'sample';

interface Words {
  readonly epsilon: string;
  readonly delta: string;
  readonly deltaStep: number;
  readonly clip: { readonly label: string; readonly description: string };
  readonly noise: string;
}

const words: Readonly<Record<Of, Words>> = {
  participant: {
    epsilon: 'Of the whole run; it stops before it passes it',
    delta: 'Well below 1 / participants',
    deltaStep: 0.0001,
    clip: { label: 'Longest update', description: 'A longer one is scaled down, all layers together' },
    noise: 'In longest updates; empty: as little as all rounds allow',
  },
  sample: {
    epsilon: 'Of each sample, over all that its participant sends; who would pass it leaves',
    delta: 'Well below 1 / samples of a participant',
    deltaStep: 0.00001,
    clip: {
      label: 'Longest gradient',
      description: 'Of one sample; a longer one is scaled down, all layers together',
    },
    noise: 'In longest gradients; empty: as little as all rounds allow, by how many samples somebody has',
  },
};

/** What all kinds of differential privacy have. */
export function PromiseFields({ form, of }: { form: ConfigForm; of: Of }) {
  const { onChange, value, ...noise } = form.getInputProps('privacy.noise');
  const { epsilon, delta, deltaStep, clip, noise: ofNoise } = words[of];
  return (
    <>
      <NumberInput
        label="ε, at most"
        description={epsilon}
        min={0.01}
        max={100}
        step={1}
        {...form.getInputProps('privacy.epsilon')}
      />
      <NumberInput
        label="δ"
        description={delta}
        min={0}
        max={0.1}
        step={deltaStep}
        {...form.getInputProps('privacy.delta')}
      />
      <NumberInput {...clip} min={0} step={0.1} {...form.getInputProps('privacy.clip')} />
      <NumberInput
        label="Noise"
        description={ofNoise}
        placeholder="computed"
        min={0.05}
        step={0.1}
        {...noise}
        value={value ?? ''}
        onChange={(typed) => onChange(typed === '' ? null : typed)}
      />
    </>
  );
}
