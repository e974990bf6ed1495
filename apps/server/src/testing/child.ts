import { serve } from './server.ts';

// A server in a process of its own, for tests that kill it: node --import tsx child.ts DATA_DIR PORT [DATABASE_URL]
const [dataDir = '', port = '0', databaseUrl] = process.argv.slice(2);
await serve({ dataDir, port: Number(port), databaseUrl: databaseUrl ?? null }, { graceMs: 60_000 });
console.log('serving');
