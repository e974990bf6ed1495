import { Readable } from 'node:stream';
import { routes, StrataError } from '@strata/fl-core/protocol';
import { makeBackup } from '../backup/make.ts';
import type { HasGarbage } from '../engine/garbage-collection.ts';
import type { HasLimits } from '../limits.ts';
import { recordAudit } from '../store/audit-log.ts';
import type { HasBlobs } from '../store/blobs.ts';
import type { HasDb } from '../store/store.ts';
import type { RouteHandlers } from './serve-routes.ts';

export interface BackupOptions {
  readonly dataDir: string;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

/** A backup of this server while it runs, one at a time. */
export function backup(
  ports: HasDb & HasBlobs & HasGarbage & HasLimits<'keptCheckpoints'>,
  { dataDir, closing }: BackupOptions,
): RouteHandlers['backup'] {
  let underWay = false;
  async function* bytes() {
    const release = await ports.garbage.hold();
    try {
      yield* makeBackup(ports, dataDir, closing);
    } finally {
      release();
      underWay = false;
    }
  }
  return async ({ reply, operator }) => {
    if (underWay) {
      throw new StrataError('wrong-state', 'Another backup is being made.', 'Wait until that has ended.');
    }
    underWay = true;
    const made = bytes();
    try {
      await recordAudit(ports, { who: operator.name, kind: 'backup-made' });
      // What cannot be done is answered with the reason as long as nothing is sent.
      const first = await made.next();
      return reply
        .type(routes.backup.answer.mediaType)
        .header('cache-control', 'no-store')
        .header('content-disposition', 'attachment; filename="strata-backup.tar"')
        .send(Readable.from(continued(first, made), { objectMode: false }));
    } catch (error) {
      underWay = false;
      throw error;
    }
  };
}

async function* continued<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    if (first.done) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
