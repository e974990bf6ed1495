// Runs a TypeScript program of the project, after installing and building what it needs:
//   node scripts/run.mjs [--pages] FILE [ARGUMENTS]
import { spawn } from 'node:child_process';
import { ensureInstalled, ensurePages, requireNode, root } from './prepare.mjs';

const argv = process.argv.slice(2);
const pages = argv[0] === '--pages';
const [file, ...rest] = pages ? argv.slice(1) : argv;

requireNode();
await ensureInstalled();
if (pages) await ensurePages();

const child = spawn(process.execPath, ['--import', 'tsx', file, ...rest], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
