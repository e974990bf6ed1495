import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { catalog, layoutOf } from '@strata/fl-core/models/layouts';
import type { RoundDetail, RunView } from '@strata/fl-core/protocol';
import { ensureChromium, launchChromium, layerHashes, OperatorApi, ServerProcess } from '@strata/harness';
import { type DemoData, demoData, disposeDemoData } from './data.ts';
import { type DemoOptions, parseOptions, usage } from './options.ts';
import { type DemoReport, demoReport } from './report.ts';
import { demoRunConfig } from './run-config.ts';
import { openTabs } from './tabs.ts';

/**
 * The unattended main job: a real server, real headless Chromium tabs, real rounds. stdout carries nothing but
 * the result; progress goes to stderr. Exit 0 only when every round was committed and the downloaded checkpoint
 * has the hashes that the server announced.
 */
const log = (line: string) => process.stderr.write(`${line}\n`);

async function demo(options: DemoOptions): Promise<DemoReport> {
  const data = await demoData(options, log);
  try {
    return await demoWith(options, data);
  } finally {
    await disposeDemoData(data);
  }
}

async function demoWith(options: DemoOptions, data: DemoData): Promise<DemoReport> {
  const config = demoRunConfig(options, data);
  const server = await ServerProcess.start({ log: (line) => log(`server: ${line}`) });
  try {
    const browser = await launchChromium(ensureChromium(log));
    try {
      const api = new OperatorApi(server.url, server.token);
      const { id, joinKey: key } = await api.createRun(config);
      await api.command(id, 'start');
      const tabs = await openTabs(browser, server.url, { run: id, key }, options, data, log);
      const final = await follow(api, id, () => tabs.check());
      const rounds = await Promise.all(
        final.rounds.filter((r) => r.phase === 'committed').map((r) => api.round(id, r.round)),
      );
      const layers = await verifiedLayers(api, final, options, data.labels.length, rounds);
      await tabs.close();
      const kept = options.keep === undefined ? null : await keep(options.keep, api, final);
      return demoReport(options, data, final.config, rounds, { layers, kept });
    } finally {
      await browser.close();
    }
  } finally {
    await server.dispose();
  }
}

/** Waits for the run's end, telling about every phase; throws when the run or a tab fails. */
async function follow(api: OperatorApi, run: string, check: () => Promise<void>): Promise<RunView> {
  let last = '';
  for (;;) {
    const view = await api.run(run);
    const round = view.rounds.at(-1);
    const clients = view.clients.map((c) =>
      c.progress ? `${c.progress.activity} ${Math.round(100 * c.progress.fraction)}%` : c.presence,
    );
    const committed = view.rounds.findLast((r) => r.phase === 'committed');
    const line = [
      `round ${round?.round ?? 0}/${view.config.rounds} ${round?.phase ?? view.state}`,
      committed
        ? `accuracy ${committed.accuracy?.toFixed(3) ?? '?'} loss ${committed.loss?.toFixed(3) ?? '?'}`
        : '',
      clients.join(', '),
    ].join(' | ');
    if (line !== last) log(line);
    last = line;
    if (view.state === 'finished') return view;
    if (view.state === 'failed' || view.state === 'stopped')
      throw new Error(`The run ${view.state}: ${view.reason}`);
    if (round?.phase === 'abandoned') throw new Error(`Round ${round.round} was abandoned: ${round.reason}`);
    await check();
    await sleep(1000);
  }
}

/** Downloads the checkpoint and holds the hash of every layer against the last round's announcement. */
async function verifiedLayers(
  api: OperatorApi,
  view: RunView,
  options: DemoOptions,
  classes: number,
  rounds: readonly RoundDetail[],
): Promise<Record<string, string>> {
  if (rounds.length !== options.rounds)
    throw new Error(`${rounds.length} of ${options.rounds} rounds were committed.`);
  const announced = rounds.at(-1)?.checkpoint?.layers ?? {};
  const found = layerHashes(await api.checkpoint(view.id), layoutOf(catalog[options.model], classes).layers);
  for (const [layer, { sha256 }] of Object.entries(announced)) {
    if (found[layer] !== sha256)
      throw new Error(`Layer ${layer} of the download is not the announced ${sha256}.`);
  }
  if (Object.keys(announced).length !== Object.keys(found).length)
    throw new Error('The announcement lacks layers.');
  return found;
}

/** Writes what the page of the run gives; returns its path. */
async function keep(folder: string, api: OperatorApi, { id, checkpoint }: RunView): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${id}-round-${checkpoint.round}.zip`);
  await writeFile(file, await api.modelFolder(id));
  log(`The model is in ${file}.`);
  return file;
}

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(argv);
  const report = await demo(options);
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else
    log(`Done: accuracy ${report.rounds.at(-1)?.accuracy?.toFixed(3)} after ${report.rounds.length} rounds.`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
