import { Box, Radio, SimpleGrid } from '@mantine/core';
import { TaskName } from '@strata/fl-core/protocol';
import { taskNamed, tasks } from '@strata/fl-core/tasks';
import { Choice } from '../../shared/components/Choice.tsx';
import { chosenModel } from './chosen-model.ts';
import type { SectionProps } from './form.ts';
import { isNamed } from './named.ts';
import { OptionInput } from './OptionInput.tsx';
import { switchTask } from './switch-task.ts';

const optionPaths = tasks.flatMap(({ options }) => Object.keys(options).map((option) => `task.${option}`));

/** What the model is to learn, of what it can: nothing to ask where there is one thing only. */
export function TaskFields({ form, catalog }: SectionProps) {
  const { task, data } = form.values;
  const model = chosenModel(form.values.model, catalog);
  const choose = (value: string) => {
    const chosen = TaskName.safeParse(value);
    if (!chosen.success || model === undefined) return;
    const { name, ...parts } = switchTask(form.values, model, catalog.samples, chosen.data);
    form.setValues({ ...parts, ...(isNamed(form.values, catalog) ? {} : { name }) });
    for (const path of ['task', ...optionPaths, 'data.sample', 'labels']) form.clearFieldError(path);
  };
  if (model === undefined || (model.tasks.length < 2 && form.errors.task === undefined)) return null;
  const { options, fields } = taskNamed(task.name);
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
      {fields(model.maxTokens).map((field) => (
        <Box key={field.option} maw="26rem">
          <OptionInput form={form} path="task" options={options} field={field} />
        </Box>
      ))}
    </>
  );
}

function choiceOf(name: TaskName, kind: 'image' | 'text') {
  const { title, text } = taskNamed(name).wordsOn(kind);
  return { title, text };
}
