import { Checkbox, Group, NumberInput, Stack } from '@mantine/core';
import { type BackendName, backendNames } from '@strata/fl-core/protocol';
import type { ConfigForm } from '../form.ts';
import { Part } from './Part.tsx';

const names: Readonly<Record<BackendName, string>> = {
  webgpu: 'Graphics card (WebGPU)',
  wasm: 'Processor (WebAssembly)',
  cpu: 'Processor without SIMD (slow)',
};

/** Whom cohorts are drawn from. */
export function EligibleFields({ form }: { form: ConfigForm }) {
  return (
    <Part
      title="Who may take part"
      text="By what devices say of themselves, which nothing proves. Who lacks something is told what, and waits."
    >
      <Stack gap="md">
        <Checkbox.Group label="Devices that train by" {...form.getInputProps('cohort.eligible.backends')}>
          <Group gap="lg" mt={6}>
            {backendNames.map((name) => (
              <Checkbox key={name} value={name} label={names[name]} />
            ))}
          </Group>
        </Checkbox.Group>
        <NumberInput
          label="Samples to train on"
          description="At least"
          allowDecimal={false}
          min={1}
          maw={260}
          {...form.getInputProps('cohort.eligible.samples')}
        />
      </Stack>
    </Part>
  );
}
