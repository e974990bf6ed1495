export * from '@strata/client/session';
export type { ChosenColumns, ColumnRole, ShownTable } from '@strata/fl-core/data';
export { type ClientHandle, type LocalFile, startClient } from './handle.ts';
