import type { ColumnChoices, LabelMapping } from '@strata/fl-core/data';
import { type BackendName, backendNames, type SampleId } from '@strata/fl-core/protocol';
import type { Identity } from '../index.ts';
import type { ClientPast } from './snapshot.ts';

/** A file with the path it had in the folder it came from; the path carries the label of an image. */
export interface DataFile {
  readonly path: string;
  readonly file: Pick<Blob, 'size' | 'arrayBuffer'>;
}

/** What a client trains on. Files are read in the worker and go no further (C5). */
export type DataChoice =
  | {
      readonly kind: 'sample';
      readonly sample: SampleId;
      /** Which part of the sample data, 0-based, of how many. */
      readonly shard: number;
      readonly of: number;
    }
  /**
   * Images by label in folders, or what the run's task takes as texts: tables (CSV, TSV, JSON), plain text files
   * where the next token is predicted; any of them in ZIP archives.
   */
  | {
      readonly kind: 'files';
      readonly files: readonly DataFile[];
      /** What names in the files that are none of the run's labels mean. */
      readonly mapping?: LabelMapping;
      /** Which columns of tables are used, where the person has said it. */
      readonly columns?: ColumnChoices;
    }
  /**
   * What an earlier visit left on this device, prepared for this run: what this same client used before its page
   * was reloaded, or whatever is there (another tab may have used other data in between).
   */
  | { readonly kind: 'stored'; readonly of: 'this-client' | 'anyone' };

export { type BackendName, backendNames };

export interface ClientOptions {
  readonly run: string;
  /** The secret of the join link; absent where the run is listed. */
  readonly key?: string;
  /** Origin of the server; the page's own when absent. */
  readonly server?: string;
  /** Shown to the operator; empty means none. */
  readonly name?: string;
  /** What this device may do a round, in the unit of the run's budget; absent: what the run says. */
  readonly budget?: number;
  /** Absent: the client checks the device and waits for {@link Client.choose}. */
  readonly data?: DataChoice;
  /** Take part as soon as the data is loaded (the default), or wait for {@link Client.join}. */
  readonly join?: 'at-once' | 'when-asked';
  /** Forces a backend instead of the choice of C2. */
  readonly backend?: BackendName;
  readonly identity?: Identity;
  /** What the same client did before its page was reloaded. */
  readonly past?: ClientPast;
  /** Seed of the hold-out split and of the sample shards; the run's seed when absent. */
  readonly seed?: number;
}

/** The options with every default filled in: what a client is started with. */
export interface StartOptions extends Omit<ClientOptions, 'identity' | 'server' | 'key'> {
  readonly identity: Identity;
  readonly key: string | null;
  readonly server: string;
}

/** What a person says when joining; each replaces what {@link ClientOptions} said. */
export type JoinWishes = Pick<ClientOptions, 'name' | 'budget'>;
