import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from '../terminal.ts';

/** Programs of the checkout that a command starts and waits for. */
const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** `strata serve`: the server that `npm start` starts, with options in place of its environment; pages are built by that. */
export function addServe(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('a server, as npm start; all other settings by the environment (README)')
    .option('--port <port>', 'PORT', port)
    .option('--host <address>', 'HOST')
    .option('--data <folder>', 'DATA_DIR')
    .option('--database <url>', 'DATABASE_URL')
    .option('--json', 'one JSON object on standard output once it runs')
    .action((options: ServeOptions) => {
      const { port: PORT, host: HOST, data: DATA_DIR, database: DATABASE_URL } = options;
      const given = Object.entries({ PORT, HOST, DATA_DIR, DATABASE_URL }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as const],
      );
      const child = new Child(['apps/server/start.mjs'], Object.fromEntries(given), terminal);
      if (options.json === undefined) return child.toEnd((line) => terminal.print(line));
      return child.toEnd((line) => {
        const operator = /Operator +(http\S+)/.exec(line)?.[1];
        if (operator !== undefined)
          terminal.print(JSON.stringify({ server: new URL(operator).origin, operator }));
        else if (line !== '') terminal.log(line);
      });
    });
}

interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly database?: string;
  readonly json?: true;
}

/** `strata simulate`: runs of many virtual clients, by `experiments`. */
export function addSimulate(program: Command, terminal: Terminal): void {
  program
    .command('simulate <config> [options...]')
    .description(
      'runs of many virtual clients over a sweep of configurations (docs/experiments.md has the options)',
    )
    .option('--json', 'one JSON object on standard output')
    .passThroughOptions()
    .allowUnknownOption()
    .action((config: string, more: string[], { json }: { json?: true }) => {
      const words = ['simulate', config, ...more, ...(json ? ['--json'] : [])];
      const child = new Child(['--import', 'tsx', 'experiments/src/main.ts', ...words], {}, terminal);
      return child.toEnd((line) => terminal.print(line));
    });
}

class Child {
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #terminal: Terminal;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>, terminal: Terminal) {
    this.#args = args;
    this.#env = env;
    this.#terminal = terminal;
  }

  /** Hands on what it says until it ends; ends it when the command is ended. */
  async toEnd(said: (line: string) => void): Promise<void> {
    const { stopped } = this.#terminal;
    const child = spawn(process.execPath, [...this.#args], {
      cwd: root,
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface(child.stdout).on('line', said);
    createInterface(child.stderr).on('line', (line) => this.#terminal.log(line));
    const end = () => child.kill('SIGTERM');
    stopped.addEventListener('abort', end, { once: true });
    const [code] = await once(child, 'close');
    stopped.removeEventListener('abort', end);
    if (code !== 0 && !stopped.aborted) this.#terminal.exitCode = typeof code === 'number' ? code : 1;
  }
}

function port(text: string): string {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return text;
  throw new InvalidArgumentError('It is a number from 0 to 65535.');
}
