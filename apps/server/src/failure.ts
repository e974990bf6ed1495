import { StrataError } from '@strata/fl-core/protocol';

/** The `code` of a system or database error (`ENOENT`, `23505`), if it has one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What a thrown value says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * An error as it may stand in a log: drizzle's says the whole query with all that was to be written, secrets among it;
 * what the database said of it is the cause.
 */
export function loggable(error: unknown): unknown {
  return error instanceof Error && 'params' in error && error.cause !== undefined ? error.cause : error;
}

/** What of the server's own may be away for a while and comes back by itself: to wait for, not to fail of. */
export type Trouble = 'database' | 'disk' | 'bucket';

/** The code of errors of a bucket that does not answer, or not as it should. */
export const bucketAway = 'STRATA_BUCKET_AWAY';

/**
 * Which trouble an error comes from, by itself or by its causes (drizzle wraps what `pg` throws); null for all others.
 * A `StrataError` says for itself what it is: the cause of a failed download is no trouble of the server's.
 */
export function troubleOf(error: unknown): Trouble | null {
  if (error instanceof StrataError) return error.code === 'no-space' ? 'disk' : null;
  if (!(error instanceof Error)) return null;
  const code = errorCode(error);
  if (code === bucketAway) return 'bucket';
  if (code !== undefined && fullCodes.has(code)) return 'disk';
  if (code !== undefined && (awayCodes.has(code) || awayClasses.test(code))) return 'database';
  if (awayMessages.test(error.message)) return 'database';
  const causes = error instanceof AggregateError ? error.errors : [error.cause];
  return causes.map(troubleOf).find((trouble) => trouble !== null) ?? null;
}

/** Of Node, and PostgreSQL's disk_full. */
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', '53100']);
const awayCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
  '25006', // read only: what was the primary is a standby now
  '25P03', // idle_in_transaction_session_timeout
]);
/** SQLSTATE: connection exceptions, insufficient resources, an operator's intervention but for a cancelled query. */
const awayClasses = /^(08\w{3}|53\w{3}|57(?!014)\w{3})$/;
/** What `pg` and its pool throw without a code, and PostgreSQL of a database that is closed to connections (55000). */
const awayMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client (has encountered a connection error|was closed)|database ".*" is not currently accepting connections)/;

/** What a caller is told of a trouble: to try again, and when the operator has to act. Null for other errors. */
export function explainTrouble(error: unknown): StrataError | null {
  const trouble = troubleOf(error);
  return trouble === null || error instanceof StrataError ? null : refusalIn(trouble, error);
}

function refusalIn(trouble: Trouble, cause: unknown): StrataError {
  switch (trouble) {
    case 'database':
      return new StrataError(
        'unavailable',
        'The server’s database does not answer at the moment.',
        'Try again in a moment; the server goes on by itself when the database is back.',
        { cause },
      );
    case 'disk':
      return new StrataError(
        'no-space',
        'The server’s disk is full.',
        'Try again later; whoever runs the server must free space where DATA_DIR is.',
        { cause },
      );
    case 'bucket':
      return new StrataError(
        'unavailable',
        'The server’s store of files does not answer at the moment.',
        'Try again in a moment; the server goes on by itself when the bucket is back.',
        { cause },
      );
    default:
      return trouble satisfies never;
  }
}
