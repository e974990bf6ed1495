export type { ChosenColumns, ColumnRole, ShownTable } from '@strata/fl-core/data';
export { type ClientHandle, startClient } from './handle.ts';
export {
  type BackendName,
  backendNames,
  type ClientOptions,
  type DataChoice,
  type JoinWishes,
  type LocalFile,
} from './options.ts';
export type {
  ClientPhase,
  ClientSnapshot,
  DataSummary,
  FileProblem,
  Keeping,
  LayerInfo,
  PauseWish,
  StoredOnDevice,
  UnknownName,
  WaitReason,
} from './snapshot.ts';
export { type ClientPast, initialSnapshot, pastOf } from './snapshot.ts';
