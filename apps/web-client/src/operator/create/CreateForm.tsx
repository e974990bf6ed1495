import { Alert, Stack, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { type Catalog, RunConfig, type StrataError } from '@strata/fl-core/protocol';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { asStrataError } from '../../shared/api/api.ts';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { createRun } from '../api.ts';
import { AdvancedSection } from './advanced/AdvancedSection.tsx';
import { CohortSection } from './CohortSection.tsx';
import classes from './CreateForm.module.css';
import { configErrors, isAdvanced } from './config-errors.ts';
import { DataSection } from './DataSection.tsx';
import { defaultConfig, preferredModel } from './defaults.ts';
import type { ConfigForm } from './form.ts';
import { ModelSection } from './ModelSection.tsx';
import { PrivacySection } from './privacy/PrivacySection.tsx';
import { SelectionSection } from './SelectionSection.tsx';
import { Summary } from './Summary.tsx';

export function CreateForm({ catalog }: { catalog: Catalog }) {
  const model = preferredModel(catalog);
  if (model === undefined) {
    return (
      <Alert color="ochre" title="This server has no model to start from">
        {catalog.models.map((m) => (
          <Text size="sm" key={m.id}>
            {m.title}: {m.note || 'missing'}
          </Text>
        ))}
      </Alert>
    );
  }
  return <Form catalog={catalog} initial={defaultConfig(model, catalog.samples)} />;
}

function Form({ catalog, initial }: { catalog: Catalog; initial: RunConfig }) {
  const form: ConfigForm = useForm<RunConfig>({
    initialValues: initial,
    validate: (values) => configErrors(values, catalog),
    validateInputOnBlur: true,
  });
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<StrataError | null>(null);
  const [advanced, setAdvanced] = useState(false);

  const create = async (values: RunConfig) => {
    setBusy(true);
    setError(null);
    try {
      const { id } = await createRun(RunConfig.parse(values));
      navigate(`/operator/runs/${id}`);
    } catch (caught) {
      setError(asStrataError(caught));
      setBusy(false);
    }
  };
  const showFirst = (errors: Record<string, unknown>) => {
    const paths = Object.keys(errors);
    if (paths.some(isAdvanced)) setAdvanced(true);
    const [first] = paths;
    // the advanced section has to open before its fields can be focused
    if (first !== undefined) setTimeout(() => form.getInputNode(first)?.focus(), 50);
  };

  return (
    <form onSubmit={form.onSubmit((values) => void create(values), showFirst)} noValidate>
      <Title order={1} mb="md">
        New run
      </Title>
      <div className={classes.columns}>
        <Stack gap="md">
          <ModelSection form={form} catalog={catalog} />
          <DataSection form={form} catalog={catalog} />
          <SelectionSection form={form} catalog={catalog} />
          <CohortSection form={form} />
          <PrivacySection form={form} catalog={catalog} />
          <AdvancedSection form={form} catalog={catalog} open={advanced} onToggle={setAdvanced} />
        </Stack>
        <aside className={classes.aside}>
          <Summary form={form} catalog={catalog} busy={busy} />
          {error !== null && <ErrorNotice error={error} />}
        </aside>
      </div>
    </form>
  );
}
