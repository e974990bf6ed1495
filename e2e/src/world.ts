import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, BrowserContextOptions, Page, Route } from '@playwright/test';
import { joinPath } from '@strata/client';
import { samples } from '@strata/fl-core/data';
import type { RoundSummary, RunConfigInput, RunView } from '@strata/fl-core/protocol';
import { OperatorApi } from '@strata/harness';
import type { ServerAddress } from './server-options.ts';

/** A real server, a real browser, and what the end-to-end tests say about them. */
export class World {
  readonly server: ServerAddress;
  readonly browser: Browser;
  readonly api: OperatorApi;
  /** Errors of all pages: uncaught exceptions and console errors, content-security violations among them. */
  readonly pageErrors: string[] = [];

  readonly #options: BrowserContextOptions;
  readonly #contexts: BrowserContext[] = [];
  /** What the updates of pages wait for; null where nobody has held one. */
  #released: Promise<void> | null = null;

  /** @param options of every page, beside its own */
  constructor(server: ServerAddress, browser: Browser, options: BrowserContextOptions = {}) {
    this.server = server;
    this.browser = browser;
    this.#options = options;
    this.api = new OperatorApi(server.url, server.token);
  }

  /** Closes this world's pages; the browser and the server stay for the next one. */
  async leave(): Promise<void> {
    await Promise.all(this.#contexts.map((context) => context.close()));
  }

  /** An empty page with a storage of its own, as another person's browser has it. */
  async newPage(name: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ ...this.#options, ...options });
    this.#contexts.push(context);
    // Only where it is needed: it turns the browser's cache off.
    if (this.#released !== null) await context.route(updates, (route) => this.#deliver(route));
    const page = await context.newPage();
    this.watch(page, name);
    return page;
  }

  /** A started run of the smallest ViT: tiny, because SwiftShader is slow. */
  async startRun(overrides: Partial<RunConfigInput> = {}): Promise<string> {
    const { id } = await this.api.createRun({ ...tinyRun, ...overrides });
    await this.api.command(id, 'start');
    return id;
  }

  /** A participant's tab with a storage of its own that joins by itself with a small built-in shard. */
  async join(run: string, shard: number, more: Record<string, string> = {}): Promise<Page> {
    const page = await this.newPage(`participant ${shard}`);
    const query = {
      sample: 'emoji',
      shard: String(shard),
      of: String(shards),
      backend: 'webgpu',
      seed: '1',
      name: `Tab ${shard}`,
      autostart: '1',
      ...more,
    };
    await page.goto(await this.joinLink(run, query));
    return page;
  }

  /** The join link of a run, as the operator sends it, with a query; of another origin in front of the server if asked. */
  async joinLink(
    run: string,
    query: Readonly<Record<string, string>> = {},
    origin = this.server.url,
  ): Promise<string> {
    const { joinKey: key } = await this.api.run(run);
    return origin + joinPath({ run, key }, query);
  }

  /** The operator's page of a run. */
  async operate(
    path: string,
    options: { width?: number; height?: number; dark?: boolean } = {},
  ): Promise<Page> {
    const page = await this.newPage('operator', {
      viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
      colorScheme: options.dark ? 'dark' : 'light',
    });
    await page.goto(`${this.server.url}${path}#token=${this.server.token}`);
    // It goes once the page has logged in.
    await page.waitForFunction(() => !location.hash.includes('token='));
    return page;
  }

  /**
   * The updates of pages opened after this wait until the answer is called: a round trains for as long as a test looks
   * at it, on whatever machine.
   */
  holdUpdates(): () => void {
    let release = () => {};
    this.#released = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  async #deliver(route: Route): Promise<void> {
    await this.#released;
    // A page that has gone takes its requests with it.
    await route.continue().catch(() => {});
  }

  watch(page: Page, name: string): void {
    page.on('pageerror', (error) => this.pageErrors.push(`${name}: ${error.message}`));
    page.on('console', (message) => {
      // A server that is being killed refuses connections: the browser reports that by itself.
      if (message.type() === 'error' && !/ERR_CONNECTION|WebSocket connection/.test(message.text())) {
        this.pageErrors.push(`${name}: ${message.text()}`);
      }
    });
  }

  /** Polls the run until `done` answers something; fails with the last view after `seconds`. */
  async until<T>(run: string, done: (view: RunView) => T | undefined, seconds = 180): Promise<T> {
    const deadline = Date.now() + seconds * 1000;
    let view: RunView | undefined;
    let over = false;
    while (!over && Date.now() < deadline) {
      view = await this.api.run(run);
      const value = done(view);
      if (value !== undefined) return value;
      // what a run that has ended is not, it never will be
      over = ['finished', 'stopped', 'failed'].includes(view.state);
      await sleep(250);
    }
    const open = view?.rounds.at(-1);
    throw new Error(
      `${over ? 'Not before the end of the run' : `Not within ${seconds} s`}. Run ${view?.state} ${view?.reason}; round ${open?.round} ${open?.phase} ${open?.reason}; clients ${JSON.stringify(view?.clients.map((c) => [c.name, c.presence, c.progress]))}; page errors ${this.pageErrors.join(' | ')}`,
    );
  }

  finished(run: string, seconds = 200): Promise<RunView> {
    return this.until(run, (view) => (view.state === 'finished' ? view : undefined), seconds);
  }

  /** The open round once it is in `phase`. */
  inPhase(run: string, phase: RoundSummary['phase'], round = 1): Promise<RoundSummary> {
    return this.until(run, (view) => view.rounds.find((r) => r.round === round && r.phase === phase));
  }
}

/** Addresses that updates are sent to. */
const updates = /\/rounds\/\d+\/update$/;

/** Shards that the built-in data is cut into: small ones, because SwiftShader is slow. */
const shards = 90;

/** Emoji of three drawing styles, one a client; few samples and one batch of eight, side 32. */
export const tinyRun: RunConfigInput = {
  name: 'Tiny',
  purpose: { kind: 'test', sampling: 7 },
  model: 'vit-nano',
  side: 32,
  data: { kind: 'image', sample: 'emoji' },
  labels: [...samples.emoji.labels],
  strategy: { name: 'strata', lambda: 1 },
  budget: { kind: 'fixed', unit: 'layers', amount: 2 },
  rounds: 3,
  cohort: { goal: 3, minimum: 3, quorum: 0.5 },
  deadlines: { probing: 120, training: 120, evaluating: 120 },
  local: {
    epochs: 1,
    batchSize: 8,
    maxBatches: 1,
    probeBatches: 1,
    optimizer: { name: 'adamw', learningRate: 0.01 },
  },
  seed: 7,
};
