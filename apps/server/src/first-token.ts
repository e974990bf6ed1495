import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StrataError } from '@strata/fl-core/protocol';
import { errorCode, messageOf } from './failure.ts';

/**
 * The token that makes the first account of a data folder: made at the first start, kept in `operator-token` (mode 600),
 * the same ever after. Creates the folder. Throws `bad-config` when it cannot be written.
 */
export function keptFirstToken(dataDir: string): string {
  const file = join(dataDir, 'operator-token');
  try {
    mkdirSync(dataDir, { recursive: true });
    try {
      // `wx`: of two servers that start at once, one writes and both read.
      writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new StrataError(
      'bad-config',
      `DATA_DIR: ${dataDir} cannot be written (${messageOf(error)}).`,
      'Name a folder that this user can write.',
      { cause: error },
    );
  }
}
