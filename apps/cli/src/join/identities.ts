import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Identity, newIdentity } from '@strata/client';
import { z } from 'zod';

const Kept = z.strictObject({ client: z.string().min(1), secret: z.string().min(1) });

/**
 * Who the clients of this process are. With a folder they are the same ones the next time (C6), by run and place; the
 * files hold their secrets and are closed to other users.
 */
export async function identities(folder: string | null, run: string, count: number): Promise<Identity[]> {
  if (folder === null) return Array.from({ length: count }, newIdentity);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const path = join(folder, `${run}-${index + 1}.json`);
      const kept = await readFile(path, 'utf8').then(
        (text) => Kept.safeParse(parsed(text)),
        () => null,
      );
      if (kept?.success) return kept.data;
      const identity = newIdentity();
      await writeFile(path, JSON.stringify(identity), { mode: 0o600 });
      return identity;
    }),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
