// Runs a TypeScript program of the project: node scripts/run.mjs FILE [ARGUMENTS]
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [file, ...rest] = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const child = spawn(process.execPath, ['--import', 'tsx', file, ...rest], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
