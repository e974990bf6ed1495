import { serve } from './server.ts';

// A server in a process of its own, for tests that kill it: node --import tsx child.ts DATA_DIR PORT (0: a free one) [DATABASE_URL [SHARED_DIR | BUCKET as JSON]]
const [dataDir = '', port = '0', databaseUrl, shared] = process.argv.slice(2);
const place = {
  dataDir,
  port: Number(port),
  databaseUrl: databaseUrl ?? null,
  ...(shared?.startsWith('{') ? { bucket: JSON.parse(shared) } : { sharedDir: shared ?? null }),
};
const { url, close } = await serve(place, { graceMs: 60_000 });
process.once('SIGTERM', () => close().then(() => process.exit(0)));
console.log(`serving ${url}`);
