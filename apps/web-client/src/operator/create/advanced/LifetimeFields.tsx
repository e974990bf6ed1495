import { NumberInput, SimpleGrid } from '@mantine/core';
import type { ConfigForm } from '../form.ts';
import { orNone } from './or-none.ts';
import { Part } from './Part.tsx';

/** When a run ends early, and which of its models stay. */
export function LifetimeFields({ form }: { form: ConfigForm }) {
  const cols = { base: 1, xs: 3 };
  const whole = { allowDecimal: false, min: 1 } as const;
  return (
    <>
      <Part title="Early end" text="By what participants measure on the data that they hold out.">
        <SimpleGrid cols={cols}>
          <NumberInput
            label="Patience"
            description="Rounds without a lower loss; empty: all rounds"
            placeholder="all rounds"
            {...whole}
            {...orNone(form, 'stopping.patience')}
          />
          <NumberInput
            label="Accuracy that is enough"
            description="From 0 to 1; empty: none"
            placeholder="none"
            min={0}
            max={1}
            step={0.05}
            {...orNone(form, 'stopping.target')}
          />
        </SimpleGrid>
      </Part>
      <Part title="Kept models" text="Of which rounds the model stays on the server, beside the first.">
        <SimpleGrid cols={cols}>
          <NumberInput
            label="Newest"
            description="3 or more"
            allowDecimal={false}
            min={3}
            {...form.getInputProps('retention.last')}
          />
          <NumberInput
            label="Best"
            description="With the lowest held-out loss"
            allowDecimal={false}
            min={0}
            {...form.getInputProps('retention.best')}
          />
          <NumberInput
            label="Every"
            description="So many rounds one; empty: none"
            placeholder="none"
            {...whole}
            {...orNone(form, 'retention.every')}
          />
        </SimpleGrid>
      </Part>
      <Part
        title="How long records are kept"
        text="In days after the end of the run. Updates of participants are deleted when their round is over, whatever stands here."
      >
        <SimpleGrid cols={cols}>
          <NumberInput
            label="Of participants"
            description="Names, devices, figures of each, the log; empty: as long as the run"
            placeholder="as long as the run"
            allowDecimal={false}
            min={0}
            {...orNone(form, 'retention.participants')}
          />
          <NumberInput
            label="The whole run"
            description="With all models; empty: until somebody deletes it"
            placeholder="until somebody deletes it"
            allowDecimal={false}
            min={0}
            {...orNone(form, 'retention.run')}
          />
        </SimpleGrid>
      </Part>
    </>
  );
}
