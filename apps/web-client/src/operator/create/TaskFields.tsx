import { NumberInput, Radio, SimpleGrid } from '@mantine/core';
import { TaskName } from '@strata/fl-core/protocol';
import { Choice } from '../../shared/components/Choice.tsx';
import { taskChoice } from '../task-text.ts';
import { chosenModel } from './chosen-model.ts';
import type { SectionProps } from './form.ts';
import { switchTask } from './switch-task.ts';

/** What the model is to learn, of what it can: nothing to ask where there is one thing only. */
export function TaskFields({ form, catalog }: SectionProps) {
  const { task, data } = form.values;
  const model = chosenModel(form.values.model, catalog);
  const choose = (value: string) => {
    const chosen = TaskName.safeParse(value);
    if (!chosen.success || model === undefined) return;
    const { name, ...parts } = switchTask(form.values, model, catalog.samples, chosen.data);
    form.setValues({ ...parts, ...(form.isTouched('name') ? {} : { name }) });
    for (const path of ['task', 'task.passage', 'data.sample', 'labels']) form.clearFieldError(path);
  };
  if (model === undefined || (model.tasks.length < 2 && form.errors.task === undefined)) return null;
  return (
    <>
      <Radio.Group
        label="What it learns"
        value={task.name}
        onChange={choose}
        error={form.errors.task}
        data-testid="tasks"
      >
        <SimpleGrid cols={{ base: 1, sm: Math.min(3, model.tasks.length) }} spacing="sm" mt={6}>
          {model.tasks.map((name) => (
            <Choice key={name} value={name} {...choiceOf(name, data.kind)} />
          ))}
        </SimpleGrid>
      </Radio.Group>
      {task.name === 'next-token' && (
        <NumberInput
          label="Passage length"
          description={`Tokens (words or parts of words) that it reads at a time; this model takes at most ${model.maxTokens}.`}
          suffix=" tokens"
          maw="26rem"
          min={8}
          max={model.maxTokens}
          allowDecimal={false}
          {...form.getInputProps('task.passage')}
        />
      )}
    </>
  );
}

function choiceOf(name: TaskName, kind: 'image' | 'text') {
  const { title, text } = taskChoice(name, kind);
  return { title, text };
}
