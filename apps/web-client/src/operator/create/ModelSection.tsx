import { type MantineColor, Radio, SimpleGrid } from '@mantine/core';
import type { ImportedModel } from '@strata/fl-core/protocol';
import { useState } from 'react';
import { Choice } from '../../shared/components/Choice.tsx';
import { Panel } from '../../shared/components/Panel.tsx';
import { plural } from '../../shared/texts/format.ts';
import { chosenModel } from './chosen-model.ts';
import { type CatalogModel, defaultConfig } from './defaults.ts';
import type { SectionProps } from './form.ts';
import { ImportModel } from './ImportModel.tsx';
import { isNamed } from './named.ts';
import { PixelField } from './PixelField.tsx';

const badges: Readonly<Record<CatalogModel['availability'], { label: string; color: MantineColor }>> = {
  ready: { label: 'ready', color: 'tide' },
  download: { label: 'will be downloaded', color: 'ochre' },
  missing: { label: 'missing', color: 'gray' },
};

/**
 * Another model brings its own data, labels, budget and training settings, and another task where it cannot be trained
 * for the chosen one; what else the operator chose stays.
 */
export function ModelSection({ form, catalog }: SectionProps) {
  const [imported, setImported] = useState<ImportedModel | null>(null);
  const take = (model: CatalogModel, choice?: ImportedModel) => {
    const { name, description, strategy, selection, aggregation, rounds, cohort, deadlines, seed } =
      form.values;
    const fresh = defaultConfig(model, catalog.samples, {
      ...(choice && { choice }),
      task: form.values.task.name,
    });
    const kept = isNamed(form.values, catalog) ? { name } : {};
    const chosen = { description, strategy, selection, aggregation, rounds, cohort, deadlines, seed };
    form.setValues({ ...fresh, ...chosen, ...kept });
    form.clearErrors();
  };
  const takeImported = (choice: ImportedModel) => {
    const model = chosenModel(choice, catalog);
    if (model === undefined) return;
    setImported(choice);
    take(model, choice);
  };
  const choose = (id: string) => {
    const model = catalog.models.find((m) => m.id === id);
    if (model !== undefined) take(model);
    else if (imported !== null) takeImported(imported);
  };
  const own = imported && chosenModel(imported, catalog);
  const chosenId = chosenModel(form.values.model, catalog)?.id ?? null;
  return (
    <Panel step={1} title="Model" hint="Where every participant starts from.">
      <Radio.Group value={chosenId} onChange={choose} error={form.errors.model} aria-label="Model">
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
          {[...catalog.models, ...(own ? [own] : [])].map((model) => (
            <Choice
              key={model.id}
              value={model.id}
              title={model.title}
              badge={badges[model.availability]}
              disabled={model.availability === 'missing'}
              text={
                <>
                  {model.description}
                  <br />
                  {plural(model.layers.length, 'layer')} to choose from.
                  {model.note && (
                    <>
                      <br />
                      {model.note}
                    </>
                  )}
                </>
              }
            />
          ))}
        </SimpleGrid>
      </Radio.Group>
      <PixelField
        form={form}
        onChange={(model) => {
          setImported(model);
          form.setFieldValue('model', model);
          form.clearFieldError('model.pixels');
        }}
      />
      <ImportModel onFound={takeImported} />
    </Panel>
  );
}
