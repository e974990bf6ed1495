import type { UseFormReturnType } from '@mantine/form';
import type { Catalog, RunConfig } from '@strata/fl-core/protocol';

/** The form's values are a run's configuration; while typing, a number field may hold text. */
export type ConfigForm = UseFormReturnType<RunConfig>;

export interface SectionProps {
  readonly form: ConfigForm;
  readonly catalog: Catalog;
}
