import { NumberInput, SimpleGrid } from '@mantine/core';
import type { ConfigForm } from '../form.ts';

/** What participants promise each of their samples. */
export function SampleFields({ form }: { form: ConfigForm }) {
  const { onChange, value, ...noise } = form.getInputProps('privacy.noise');
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <NumberInput
        label="ε, at most"
        description="Of each sample, over all that its participant sends; who would pass it leaves"
        min={0.01}
        max={100}
        step={1}
        {...form.getInputProps('privacy.epsilon')}
      />
      <NumberInput
        label="δ"
        description="Well below 1 / samples of a participant"
        min={0}
        max={0.1}
        step={0.00001}
        {...form.getInputProps('privacy.delta')}
      />
      <NumberInput
        label="Longest gradient"
        description="Of one sample; a longer one is scaled down, all layers together"
        min={0}
        step={0.1}
        {...form.getInputProps('privacy.clip')}
      />
      <NumberInput
        label="Noise"
        description="In longest gradients; empty: as little as all rounds allow, by how many samples somebody has"
        placeholder="computed"
        min={0.05}
        step={0.1}
        {...noise}
        value={value ?? ''}
        onChange={(typed) => onChange(typed === '' ? null : typed)}
      />
    </SimpleGrid>
  );
}
