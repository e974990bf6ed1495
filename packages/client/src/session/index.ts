export { errorBody } from './error-body.ts';
export { type KeptData, type KeptModels, withKeptModels } from './kept.ts';
export {
  type BackendName,
  backendNames,
  type ClientOptions,
  type DataChoice,
  type DataFile,
  type JoinWishes,
  type StartOptions,
} from './options.ts';
export type { Platform, TrainerWishes } from './platform.ts';
export {
  type ClientPast,
  type ClientPhase,
  type ClientSnapshot,
  type DataSummary,
  type FileProblem,
  initialSnapshot,
  type Keeping,
  type LayerInfo,
  type PauseWish,
  pastOf,
  type StoredOnDevice,
  type UnknownName,
  type WaitReason,
} from './snapshot.ts';
export type { Trainers } from './trainers.ts';
