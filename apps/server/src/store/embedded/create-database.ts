import { PGlite } from '@electric-sql/pglite';
import { DurableNodeFS, durableStartParams } from './durable-fs.ts';

/** The process that makes a new database in the folder that its argument names; see `openEmbeddedPostgres`. */

const folder = process.argv[2];
if (!folder) throw new Error('Name the folder of the new database.');
const database = await PGlite.create({
  fs: new DurableNodeFS(folder),
  startParams: durableStartParams,
  // What the database is tried with while it is made; without it 128 MB.
  initDbStartParams: ['--set=shared_buffers=8MB'],
});
await database.close();
