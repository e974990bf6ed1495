import { program } from './program.ts';
import { Terminal } from './terminal.ts';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort(new Error('stopped')));
process.on('SIGINT', () => {
  // The second ctrl-C does not wait for goodbyes.
  if (stop.signal.aborted) process.exit(130);
  stop.abort(new Error('stopped'));
});

const terminal = new Terminal(
  stop.signal,
  (line) => process.stdout.write(`${line}\n`),
  (line) => process.stderr.write(`${line}\n`),
);
await program(terminal).parseAsync();
// Not waited for: Dawn and the threads of wasm would keep the process.
process.stdout.write('', () => process.exit(terminal.exitCode));
