import {
  type ClientPhase,
  type ClientSnapshot,
  type DataChoice,
  type DataSummary,
  initialSnapshot,
  type Platform,
  type StartOptions,
} from '@strata/client/session';
import { Client } from '@strata/client/session/client';
import { type LabelMapping, namedColumns, type WantedColumns } from '@strata/fl-core/data';
import { StrataError } from '@strata/fl-core/protocol';

/** What a participant's person has said of the data beforehand. */
export interface Said {
  readonly columns: WantedColumns;
  /** What names in the data mean that are none of the run's labels. */
  readonly meanings: LabelMapping;
}

/** A client, waited for: its page is a terminal. */
export class Participant {
  readonly #client: Client;
  readonly #tell: (snapshot: ClientSnapshot) => void;
  readonly #waiting = new Set<() => void>();
  snapshot: ClientSnapshot;

  /** @param tell is called whenever the client begins something else. */
  constructor(options: StartOptions, platform: Platform, tell: (snapshot: ClientSnapshot) => void) {
    this.snapshot = initialSnapshot(options.identity.client);
    this.#tell = tell;
    this.#client = new Client({ ...options, join: 'when-asked' }, platform, (snapshot) =>
      this.#changed(snapshot),
    );
  }

  /** Looks at the run and reads the data. Throws what keeps this client from joining. */
  async prepare(choice: DataChoice, said: Said): Promise<void> {
    await this.#client.start();
    await this.#read(choice);
    const { data } = this.snapshot;
    const again = data === null ? null : choiceWith(choice, said, data);
    if (again !== null) await this.#read(again);
    this.#demandReady();
  }

  join(): void {
    this.#client.join({});
  }

  leave(): Promise<void> {
    return this.#client.leave();
  }

  /** How it ended. */
  async end(): Promise<Extract<ClientPhase, { kind: 'left' | 'over' | 'failed' }>> {
    for (;;) {
      const { phase } = this.snapshot;
      if (phase.kind === 'left' || phase.kind === 'over' || phase.kind === 'failed') return phase;
      await this.#change();
    }
  }

  async #read(choice: DataChoice): Promise<void> {
    if (this.snapshot.phase.kind === 'failed') return this.#demandReady();
    this.#client.choose(choice);
    while (this.snapshot.phase.kind === 'loading-data') await this.#change();
  }

  #demandReady(): void {
    const { phase, notice } = this.snapshot;
    if (phase.kind === 'ready') return;
    if (phase.kind === 'failed') throw StrataError.fromBody(phase.error);
    if (notice !== null) throw StrataError.fromBody(notice);
    throw new StrataError('internal', `The client is ${phase.kind} and not ready.`, 'Start it again.');
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #changed(snapshot: ClientSnapshot): void {
    const begins = snapshot.phase.kind !== this.snapshot.phase.kind;
    this.snapshot = snapshot;
    if (begins) this.#tell(snapshot);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/**
 * The choice with what the person has said of it, once it was read and its tables and labels are known; null where nothing
 * was said that concerns it. Throws `bad-request` for columns and labels that there are not.
 */
export function choiceWith(choice: DataChoice, said: Said, data: DataSummary): DataChoice | null {
  if (choice.kind !== 'files') return null;
  const columns = new Map(
    data.tables.map((table) => {
      const chosen = namedColumns(table, said.columns);
      if ('unknown' in chosen) throw noSuchColumn(table.file, chosen.unknown, table.titles);
      return [table.layout, chosen];
    }),
  );
  const mapping = meaningsIn(data.labels, said.meanings);
  const wantsColumns = said.columns.text !== undefined || said.columns.label !== undefined;
  if (!wantsColumns && mapping.size === 0) return null;
  return { ...choice, mapping, ...(wantsColumns ? { columns } : {}) };
}

const noSuchColumn = (file: string, name: string, titles: readonly string[]) =>
  new StrataError(
    'bad-request',
    `${file} has no column "${name}".`,
    `Name columns by --text and --label: it has ${titles.join(', ')}.`,
  );

/** As readers take it, checked. Throws `bad-request` for what is no label of the run. */
function meaningsIn(labels: readonly string[], meanings: LabelMapping): LabelMapping {
  for (const [name, label] of meanings) {
    if (label === null || labels.includes(label)) continue;
    const message = `--means ${name}=${label}: "${label}" is no label of this run.`;
    throw new StrataError('bad-request', message, `Its labels are ${labels.join(', ')}.`);
  }
  return meanings;
}
