import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepPrivate } from './private-folder.ts';

it('makes a data folder that is not there, for this user alone, and no shared one, which may only not be mounted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'strata-private-'));
  try {
    const data = join(folder, 'new', 'data');
    expect(await keepPrivate(data)).toBeNull();
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    await expect(keepPrivate(join(folder, 'share'), 'SHARED_DIR')).rejects.toMatchObject({ code: 'ENOENT' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
