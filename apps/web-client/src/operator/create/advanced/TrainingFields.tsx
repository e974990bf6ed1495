import { Input, NumberInput, SegmentedControl, SimpleGrid } from '@mantine/core';
import { freshHead, trainedHead } from '@strata/fl-core/protocol';
import type { ConfigForm } from '../form.ts';
import { Part } from './Part.tsx';
import { switchOptimizer, switchSchedule } from './training-options.ts';

/** The local work of a client in a round. */
export function TrainingFields({ form }: { form: ConfigForm }) {
  const cols = { base: 1, xs: 3 };
  const whole = { allowDecimal: false, min: 1 } as const;
  return (
    <>
      <Part title="Local training" text="What every participant does in a round.">
        <SimpleGrid cols={cols}>
          <NumberInput
            label="Epochs"
            description="Over the own data"
            {...whole}
            {...form.getInputProps('local.epochs')}
          />
          <NumberInput
            label="Batch size"
            description="Samples a step"
            {...whole}
            {...form.getInputProps('local.batchSize')}
          />
          <NumberInput
            label="Batches at most"
            description="An epoch, and of as many samples an evaluation; 0: all"
            allowDecimal={false}
            min={0}
            {...form.getInputProps('local.maxBatches')}
          />
        </SimpleGrid>
      </Part>
      <Part title="Optimizer">
        <OptimizerFields form={form} />
        <SimpleGrid cols={cols}>
          <NumberInput
            label="Head’s rate"
            description="Times the learning rate"
            min={0}
            step={1}
            decimalScale={8}
            {...form.getInputProps('local.head.rate')}
          />
          <NumberInput
            label="FedProx μ"
            description="Pull to the common model; 0: none"
            min={0}
            step={0.01}
            decimalScale={8}
            {...form.getInputProps('local.proximal')}
          />
          <ClipField form={form} />
        </SimpleGrid>
      </Part>
      <Part
        title="Warm start of the head"
        text="The first rounds make the head alone, without a probe: a fresh head tells the layers below it nothing."
      >
        <WarmUpFields form={form} />
      </Part>
      <Part title="Learning rate over the run">
        <ScheduleFields form={form} />
      </Part>
    </>
  );
}

function WarmUpFields({ form }: { form: ConfigForm }) {
  const { warmUp } = form.values.local.head;
  const computed = warmUp.kind === 'closed-form';
  const { error } = form.getInputProps('local.head.warmUp.kind');
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <Input.Wrapper
        label="The head is"
        labelElement="div"
        description={
          computed
            ? 'From sums over everybody’s samples, as good as if all were in one place. You could read from them how many samples of each label somebody has'
            : 'By everybody on the own samples, and averaged'
        }
        error={error}
      >
        <SegmentedControl
          fullWidth
          mt={6}
          aria-label="How the head is made first"
          data={[
            { value: 'closed-form', label: 'Computed' },
            { value: 'trained', label: 'Trained' },
          ]}
          value={warmUp.kind}
          onChange={(kind) => form.setFieldValue('local.head', kind === 'trained' ? trainedHead : freshHead)}
          data-testid="warm-up-kind"
        />
      </Input.Wrapper>
      <NumberInput
        label="Rounds of the head alone"
        description={computed ? 'One is enough where everybody is there' : '0: none'}
        allowDecimal={false}
        min={computed ? 1 : 0}
        {...form.getInputProps('local.head.warmUp.rounds')}
      />
      {computed && (
        <NumberInput
          label="Computed anew every"
          description="So many rounds, and in the last; 0: never again"
          allowDecimal={false}
          min={0}
          {...form.getInputProps('local.head.warmUp.every')}
        />
      )}
      {warmUp.kind === 'trained' && (
        <NumberInput
          label="Epochs in them"
          description="Over the local data, in each of these rounds"
          allowDecimal={false}
          min={1}
          {...form.getInputProps('local.head.warmUp.epochs')}
        />
      )}
    </SimpleGrid>
  );
}

function OptimizerFields({ form }: { form: ConfigForm }) {
  const { optimizer } = form.values.local;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <Input.Wrapper label="Method" labelElement="div">
        <SegmentedControl
          fullWidth
          aria-label="Optimizer"
          data={[
            { value: 'adamw', label: 'AdamW' },
            { value: 'sgd', label: 'SGD' },
          ]}
          value={optimizer.name}
          onChange={(name) =>
            form.setFieldValue(
              'local.optimizer',
              switchOptimizer(optimizer, name === 'sgd' ? 'sgd' : 'adamw'),
            )
          }
        />
      </Input.Wrapper>
      <NumberInput
        label="Learning rate"
        min={0}
        step={0.0001}
        decimalScale={8}
        {...form.getInputProps('local.optimizer.learningRate')}
      />
      {optimizer.name === 'adamw' ? (
        <NumberInput
          label="Weight decay"
          min={0}
          step={0.01}
          {...form.getInputProps('local.optimizer.weightDecay')}
        />
      ) : (
        <NumberInput
          label="Momentum"
          min={0}
          step={0.1}
          {...form.getInputProps('local.optimizer.momentum')}
        />
      )}
    </SimpleGrid>
  );
}

/** An empty field is a valid one here: it leaves the gradients as they are. */
function ClipField({ form }: { form: ConfigForm }) {
  const { onChange, value, ...field } = form.getInputProps('local.clipNorm');
  return (
    <NumberInput
      label="Clip gradients at"
      description="L2 norm of a step; empty: never"
      placeholder="never"
      min={0}
      step={0.5}
      {...field}
      value={value ?? ''}
      onChange={(typed) => onChange(typed === '' ? null : typed)}
    />
  );
}

function ScheduleFields({ form }: { form: ConfigForm }) {
  const { schedule } = form.values.local;
  const share = { min: 0, max: 1, step: 0.05 } as const;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <Input.Wrapper label="Schedule" labelElement="div">
        <SegmentedControl
          fullWidth
          aria-label="Schedule"
          data={[
            { value: 'constant', label: 'Constant' },
            { value: 'cosine', label: 'Cosine' },
          ]}
          value={schedule.name}
          onChange={(name) =>
            form.setFieldValue(
              'local.schedule',
              switchSchedule(schedule, name === 'cosine' ? 'cosine' : 'constant'),
            )
          }
        />
      </Input.Wrapper>
      <NumberInput
        label="Warm-up"
        description="Share of the run, rising from 0"
        {...share}
        {...form.getInputProps('local.schedule.warmUp')}
      />
      {schedule.name === 'cosine' && (
        <NumberInput
          label="Floor"
          description="Share of the rate at the end"
          {...share}
          {...form.getInputProps('local.schedule.floor')}
        />
      )}
    </SimpleGrid>
  );
}
