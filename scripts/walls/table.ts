/** A folder, or a file, and all that it may import. A file belongs to the longest path that it is under. */
export interface Place {
  /** From the root of the repository. */
  readonly path: string;
  /** Other places, or single files and folders of theirs. A place may always import what lies under its own path. */
  readonly may: readonly string[];
  /** Packages of npm and modules of Node (`node:fs`), by name or up to a `*`. */
  readonly packages: readonly string[];
  /** Shown to whoever breaks the rule. */
  readonly why: string;
}

/** Short names of folders. */
const folders = {
  core: 'packages/fl-core/src',
  'gpu-bench': 'packages/gpu-bench/src',
  client: 'packages/client/src',
  harness: 'packages/harness/src',
  server: 'apps/server/src',
  web: 'apps/web-client/src',
  cli: 'apps/cli/src',
};

function expand(names: string): string[] {
  return names
    .split(' ')
    .filter(Boolean)
    .map((name) => {
      const [first = '', ...rest] = name.split('/');
      const folder = Object.entries(folders).find(([short]) => short === first)?.[1] ?? first;
      return [folder, ...rest].join('/');
    });
}

/** All names in one text, with blanks between them. */
export function place(path: string, may: string, packages: string, why: string): Place {
  return { path: expand(path).join(), may: expand(may), packages: packages.split(' ').filter(Boolean), why };
}

const page = 'react @mantine/* @tabler/icons-react @tanstack/react-query wouter zod';

/**
 * The walls (docs/design.md, 2): place, what it may import of the repository, of npm, and why.
 * **A place may only import places further up**, so that no two import each other. One inside another may also
 * import what the outer one may, and the outer one's files. Tests follow {@link tests} instead.
 */
export const places: readonly Place[] = [
  place('core/error.ts', '', 'zod', 'the one error class, for every folder'),
  place('core/random.ts', '', '', 'numbers from a seed'),
  place('core/gamma.ts', 'core/random.ts', '', 'numbers from a seed'),
  place('core/median.ts', '', '', 'the middle of numbers'),
  place('core/wasm', '', '', 'an assembler knows nothing of what is assembled'),
  place('core/variants', '', 'zod', 'what a variant says of itself is the same for every kind'),
  place('core/diagnostics', '', '', 'diagnostics know numbers and names only'),
  place(
    'core/privacy',
    'core/error.ts',
    '',
    'differential privacy: numbers only, and the one place of noise',
  ),
  place(
    'core/selection',
    'core/error.ts core/random.ts core/gamma.ts core/median.ts core/variants core/diagnostics',
    'zod',
    'selection knows numbers and names only',
  ),
  place(
    'core/aggregation',
    'core/error.ts core/median.ts core/wasm core/variants core/privacy/index.ts',
    'zod',
    'aggregation knows numbers and names only',
  ),
  place('core/signing', 'core/error.ts', '@noble/hashes zod', 'a key, what it signs, and whether it did'),
  place(
    'core/sealing',
    'core/error.ts core/signing',
    '@noble/curves @noble/hashes @scure/bip39 shamir-secret-sharing zod',
    'sealing knows named vectors of integers, and neither layers nor rounds',
  ),
  place(
    'core/tasks',
    'core/variants',
    'zod',
    'what a task says of itself, as numbers and words; no sample, no tensor',
  ),
  place(
    'core/protocol',
    'core/error.ts core/signing/messages.ts core/sealing/messages.ts core/tasks/index.ts core/selection/strategies/index.ts core/aggregation/rules/index.ts core/aggregation/optimizers/index.ts core/aggregation/participation.ts',
    'zod',
    'protocol knows nobody but the lists of variants and the messages of sealing, whose schemas it is made of',
  ),
  place(
    'core/kernels',
    'core/protocol/errors.ts core/wasm',
    '@tensorflow/*',
    'kernels are found through the registry of TensorFlow.js: they know no model and no trainer',
  ),
  place(
    'core/models',
    'core/protocol core/tasks core/variants core/random.ts',
    '@tensorflow/tfjs-core @tensorflow/tfjs-layers zod',
    'models know protocol; kernels are found through the registry of TensorFlow.js',
  ),
  place(
    'core/data',
    'core/protocol core/tasks core/random.ts core/gamma.ts core/models',
    '@huggingface/tokenizers fflate image-size papaparse zod',
    'data become batches for models; nobody trains here',
  ),
  place(
    'core/closed-form',
    'core/error.ts core/models core/protocol/safetensors.ts',
    '',
    'a head from sums over samples: numbers, and where the layout of a model has them',
  ),
  place(
    'core/closed-form/solve.ts',
    '',
    'ml-matrix',
    'solves; loaded where a head is computed, and nowhere else',
  ),
  place(
    'core/training',
    'core/protocol core/random.ts core/privacy/index.ts core/models core/data core/kernels core/closed-form/index.ts',
    '',
    'jobs ask an engine (training/engine.ts); only training/tfjs and the start of the backends know TensorFlow.js',
  ),
  place('core/training/tfjs', '', '@tensorflow/*', 'the engine on TensorFlow.js'),
  place('core/training/backend.ts', '', '@tensorflow/*', 'starts a backend'),
  place('core/training/wasm.ts', '', '@tensorflow/*', 'starts a backend'),
  place('core/training/webgpu.ts', '', '@tensorflow/*', 'starts a backend'),
  place(
    'core/rounds',
    'core/protocol core/privacy core/selection core/sealing core/aggregation core/diagnostics core/random.ts core/median.ts core/models/layouts.ts core/data/samples.ts core/closed-form core/tasks/index.ts',
    '',
    'the round knows no tensor, no store, no socket and no Node API',
  ),

  place(
    'gpu-bench',
    'core',
    '@tensorflow/tfjs-core',
    'rows are the same in Node and in a tab; fl-core never imports its own measurement',
  ),
  place(
    'client',
    'core/protocol',
    '@noble/hashes socket.io-client zod',
    'speaks with a server wherever it runs: no DOM, no Node API, no page',
  ),
  place(
    'client/work',
    'core/data core/privacy core/training',
    '',
    'does what a server asks of a client, in a tab, in Node and in a simulation: the one place that trains',
  ),
  place(
    'client/sealed',
    'client/work core/protocol core/signing core/sealing core/rounds/sealed',
    '',
    'the part of a client in sealed rounds: keys, shares and masks, fetched by the session where a run is sealed',
  ),
  place(
    'client/session',
    'client core/protocol core/signing core/tasks core/data core/models core/training',
    '',
    "a participant's client from its first look at the device to its goodbye, in a tab and in Node",
  ),
  place(
    'harness',
    'client core/protocol',
    'node:* playwright-core zod',
    'the harness sees the product from outside: processes, HTTP, pages',
  ),

  place('server/failure.ts', 'core/protocol', '', 'reads errors, and says what of the server is away'),
  place('server/limits.ts', '', '', 'numbers'),
  place('server/threads', '', 'node:* esbuild', 'starts threads, whatever they do'),
  place(
    'server/live',
    'core/protocol server/failure.ts',
    'node:* fastify',
    'what a restarted server forgets; it knows nobody who uses it',
  ),
  place(
    'server/store',
    'core/protocol core/error.ts core/privacy core/selection core/signing/messages.ts core/sealing/messages.ts core/rounds/privacy/spending.ts core/rounds/types.ts server/failure.ts server/threads',
    'node:* @electric-sql/pglite drizzle-orm pg proper-lockfile s3mini zod',
    'the store keeps rows and blobs, and knows nobody who uses them',
  ),
  place(
    'server/tracing',
    'core/protocol server/live/clock.ts',
    'node:* @opentelemetry/* fastify',
    'spans of rounds for whoever collects them; it is told, and asks nobody',
  ),
  place(
    'server/entry',
    'core/protocol server/limits.ts server/live server/store/rows.ts',
    'node:* fastify',
    'who may come in, and how often: it reads no row of its own and writes none',
  ),
  place(
    'server/entry/operators',
    'server/store/store.ts server/store/schema.ts server/store/audit-log.ts',
    'cookie drizzle-orm zod',
    'who operates the server: the one part of entry that keeps rows, of accounts, sessions and tokens',
  ),
  place(
    'server/entry/operators/openid',
    '',
    'fastify openid-client',
    'people whom an identity provider knows: the one place that speaks with it, and keeps nothing',
  ),
  place(
    'server/models',
    'core/protocol core/models/layouts.ts core/data/tokenizer/index.ts server/store/blobs.ts server/threads',
    'node:* @huggingface/hub zod',
    'where initial weights come from; the server never loads TensorFlow.js',
  ),
  place(
    'server/sealed',
    'core/protocol core/rounds server/store',
    '',
    'what a sealed round follows from, read from rows for whoever plays it',
  ),
  place(
    'server/views',
    'core/protocol core/rounds core/models/layouts.ts server/limits.ts server/live server/store server/sealed',
    'drizzle-orm fastify',
    'views read rows and write nothing but the log',
  ),
  place(
    'server/metrics',
    'core/protocol core/rounds server/live server/store server/views/event-log.ts',
    'node:* drizzle-orm fastify pg prom-client',
    'counts what it hears and looks at, and changes nothing',
  ),
  place(
    'server/intake',
    'core/protocol core/rounds core/signing core/sealing server/sealed server/limits.ts server/live server/store server/tracing/traces.ts server/entry server/views/event-log.ts',
    'node:* drizzle-orm',
    'intake writes what clients say, and does not know the engine',
  ),
  place(
    'server/engine',
    'core/protocol core/sealing server/sealed core/privacy core/selection core/aggregation core/rounds core/models/layouts.ts server/failure.ts server/limits.ts server/live server/store server/threads server/models/source.ts server/tracing/traces.ts server/views/event-log.ts server/views/summed-up.ts server/entry/newcomers.ts',
    'node:* drizzle-orm fastify',
    'the engine writes what becomes of rounds, and does not know the intake',
  ),
  place('server/engine/workflow.ts', '', '@dbos-inc/dbos-sdk', 'one of two files that know DBOS'),
  place('server/engine/executions.ts', '', '@dbos-inc/dbos-sdk', 'the other one'),
  place(
    'server/private-folder.ts',
    'core/protocol server/failure.ts',
    'node:*',
    'closes the data folder to other users',
  ),
  place(
    'server/backup',
    'core/protocol server/limits.ts server/private-folder.ts server/store server/engine/garbage-collection.ts',
    'node:* drizzle-orm tar-stream zod',
    'reads and writes all that is kept, and knows which of it is needed',
  ),
  place('server/first-token.ts', 'core/protocol server/failure.ts', 'node:*', 'a file with a secret'),
  place(
    'server/settings.ts',
    'core/protocol server/entry/remote-address.ts server/entry/operators/openid/role.ts server/entry/operators/openid/settings.ts server/models/index.ts server/first-token.ts server/store/store.ts',
    'node:* zod',
    'reads the environment',
  ),
  place(
    'server/nodes',
    'core/protocol server/live server/store server/entry/newcomers.ts server/entry/allowance.ts',
    'drizzle-orm fastify pg zod',
    'what servers of one database tell each other; it knows no rule of rounds, and is handed the engine',
  ),
  place(
    'server/sockets',
    'server/sealed core/protocol core/rounds server/failure.ts server/limits.ts server/live server/store/store.ts server/store/standings.ts server/views server/intake server/entry',
    'node:* fastify socket.io zod socket.io-parser',
    'the control plane asks intake and views, and makes no query of its own',
  ),
  place(
    'server/http',
    'core/protocol core/rounds core/models/layouts.ts core/data/samples.ts server/failure.ts server/live server/store/store.ts server/store/audit-log.ts server/store/disk-space.ts server/store/blobs.ts server/store/tensor-file.ts server/models/index.ts server/views server/metrics/metrics.ts server/intake server/engine/runs.ts server/engine/deletion.ts server/engine/fork.ts server/engine/model-tests.ts server/engine/garbage-collection.ts server/backup/make.ts server/settings.ts server/limits.ts server/store/rows.ts server/entry',
    'node:* @fastify/* drizzle-orm fastify fastify-type-provider-zod fflate zod',
    'the data plane, APIs and pages',
  ),
  place(
    'server/strata.ts',
    'server/sealed server/limits.ts server/settings.ts server/live server/store server/tracing/traces.ts server/entry server/models/index.ts server/views server/metrics server/intake server/engine server/nodes server/sockets server/http',
    'node:* fastify',
    'puts the server together',
  ),
  place(
    'server/main.ts',
    'core/protocol server/failure.ts server/private-folder.ts server/settings.ts server/store server/entry server/http server/strata.ts server/tracing',
    'node:*',
    'the process',
  ),
  place('apps/server/traces.mjs', '', 'node:*', 'traces of errors'),
  place(
    'apps/server/start.mjs',
    'server/main.ts apps/server/traces.mjs',
    'node:* esbuild',
    'bundles the server and starts it',
  ),

  place('web/zod-config.ts', '', 'zod', 'imported before any schema is made'),
  place(
    'web/client',
    'web/zod-config.ts client core/protocol core/signing core/sealing core/tasks core/data core/models core/training',
    '@noble/hashes @tensorflow/tfjs-backend-wasm idb-keyval socket.io-client zod',
    'the training worker and its handle: no React, no component',
  ),
  place(
    'web/shared',
    'client core/protocol core/privacy/index.ts core/tasks core/variants web/client/index.ts',
    `${page} echarts`,
    'what several pages show; it knows the client and none of the pages',
  ),
  place(
    'web/participant',
    'web/shared web/client/index.ts client core/protocol core/tasks',
    page,
    'pages know the client and what is shared, not the shell and not each other',
  ),
  place(
    'web/operator',
    'web/shared web/client/index.ts client core/protocol core/tasks core/selection core/aggregation core/variants core/rounds/check-config.ts core/rounds/usual-head.ts core/rounds/warm-up.ts core/rounds/privacy core/rounds/sealed/config-problems.ts core/rounds/buffered/config-problems.ts core/rounds/verdict.ts core/models/layouts.ts core/data',
    `${page} qrcode.react socket.io-client`,
    'pages know the client and what is shared, not the shell and not each other',
  ),
  place(
    'web/bench',
    'web/zod-config.ts web/shared core/protocol core/training core/kernels/adapter.ts gpu-bench',
    page,
    'pages know what is shared, not the shell and not each other; this one trains by itself',
  ),
  place(
    'web/shell',
    'web/shared web/participant web/operator web/bench',
    'react @mantine/* @tanstack/react-query wouter get-nonce',
    'the shell opens the pages',
  ),
  place('web/main.tsx', 'web/zod-config.ts web/shell', 'react react-dom @mantine/*', 'the document'),

  place('cli/terminal.ts', 'core/protocol', 'node:*', 'where commands are told of'),
  place('cli/access.ts', 'client core/protocol', 'commander', 'how a command reaches a server'),
  place('cli/table.ts', '', '', 'text in columns'),
  place(
    'cli/join',
    'cli/terminal.ts client core/protocol core/signing core/sealing core/data core/training',
    'node:* commander zod webgpu @napi-rs/canvas',
    'participants without a browser: what a tab has of the browser, by Node',
  ),
  place(
    'cli/runs',
    'cli/terminal.ts cli/access.ts cli/table.ts client core/protocol',
    'node:* commander yaml zod',
    'an operator on a command line, by the routes that pages use',
  ),
  place(
    'cli/server',
    'cli/terminal.ts cli/access.ts cli/table.ts client core/protocol core/signing server/backup/index.ts',
    'node:* commander',
    'what whoever runs a server does; the server’s code is fetched where it is asked for',
  ),
  place(
    'cli/test',
    'cli/terminal.ts cli/access.ts cli/table.ts cli/join client core/protocol core/data core/models core/rounds core/training',
    'node:* commander',
    'tries models on an operator’s data, read as a participant’s is, far from the server’s event loop',
  ),
  place('cli/completion.ts', '', 'commander', 'a script for a shell'),
  place(
    'cli/program.ts',
    'cli/completion.ts cli/terminal.ts cli/join cli/runs cli/server cli/test',
    'commander',
    'puts the commands together',
  ),
  place('cli/main.ts', 'cli/program.ts cli/terminal.ts', '', 'the process'),
  place('apps/cli/strata.mjs', 'cli/main.ts', 'node:*', 'starts it'),

  place('samples', 'core', '*', 'samples are made with fl-core'),
  place('examples', 'core', '', 'an example uses fl-core as a library'),
  place('experiments', 'core client harness samples', '*', 'experiments see the product from outside'),
  place(
    'experiments/src/predict',
    'cli/join/pictures.ts',
    '*',
    'predictions are of pictures as participants read them',
  ),
  place('bench', 'core gpu-bench client harness', '*', 'benchmarks see the product from outside'),
  place(
    'e2e',
    'core gpu-bench client harness samples apps/cli/strata.mjs',
    '*',
    'end-to-end tests see the product from outside',
  ),
  place(
    'scripts',
    'core/protocol core/signing harness server/http',
    '*',
    '`npm run dev` starts the server and puts Vite in front of its pages',
  ),
];

/** What tests and their helpers may import: all of their package, and what they drive or compare it with. */
export const tests: readonly Place[] = [
  place(
    'packages/fl-core',
    '',
    'node:* vitest fast-check highs pngjs webgpu zod fflate papaparse @noble/hashes @tensorflow/*',
    'fl-core is tested without apps, sockets and React',
  ),
  place('packages/gpu-bench', 'core', 'node:* vitest', 'rows are tested without the apps'),
  place('packages/client', 'core', '*', 'the client is tested without the apps'),
  place('apps/server', 'core client', '*', 'the server is tested without the web client'),
  place('apps/web-client', 'core gpu-bench client', '*', 'the web client is tested without the server'),
  place(
    'apps/cli',
    'core client harness web/client/decode-image.ts',
    '*',
    'the command line is tested with a real server, and its pictures with those of the page',
  ),
  place('examples', 'core', 'node:* vitest', 'an example uses fl-core as a library'),
];

/** Files that only tests import: in the product nothing of them is loaded. */
export const isTest = (path: string): boolean =>
  /\.test\.tsx?$|\/testing\/|\/testing(-[a-z]+)?\.ts$|\/fixtures\//.test(path);

/** The product, which loads no test. */
export const isProduct = (path: string): boolean => /^(packages|apps)\//.test(path);

/** Nothing of `packages` is loaded by starting `from`, not even by way of others (imports of types and `import()` aside). */
export const neverLoaded: readonly { from: string; packages: string; why: string }[] = [
  {
    from: 'apps/server/src',
    packages: '@tensorflow/*',
    why: 'the server never loads TensorFlow.js: it reads layouts, not forward functions',
  },
  { from: 'packages/fl-core/src/rounds', packages: '@tensorflow/*', why: 'the round knows no tensor' },
  ...['shell', 'shared', 'participant', 'operator'].map((folder) => ({
    from: `apps/web-client/src/${folder}`,
    packages: '@tensorflow/*',
    why: 'pages show what the worker says; only the worker and /bench train',
  })),
];

/** Imports that break a rule or close a circle, and why they still may. One that no longer does is reported. */
export const exceptions: readonly { from: string; to: string; why: string }[] = [];

/** Where the sources are. */
export const checkedFolders = [
  'packages',
  'apps',
  'samples',
  'examples',
  'experiments',
  'bench',
  'e2e',
  'scripts',
];
