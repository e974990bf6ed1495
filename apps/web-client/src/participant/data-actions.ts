import type { ChosenColumns, LocalFile } from '../client/index.ts';

/** What the person can do about the data. */
export interface DataActions {
  readonly onSample: () => void;
  /** `mapping`: what folders mean that are none of the run's labels. */
  readonly onFiles: (files: readonly LocalFile[], mapping?: ReadonlyMap<string, string | null>) => void;
  /** Use what an earlier visit left on this device. */
  readonly onStored: () => void;
  readonly onMeanings: (meanings: ReadonlyMap<string, string | null>) => void;
  /** What the columns are of all tables with this layout. */
  readonly onColumns: (layout: string, columns: ChosenColumns) => void;
}
