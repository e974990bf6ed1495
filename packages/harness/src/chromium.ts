import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Finds, installs and starts Chromium. Nothing here is part of the product: people bring their own browser. */

const candidates = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

function isExecutable(path: string | undefined): path is string {
  if (!path) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Path of a Chromium on this machine, or null. `CHROMIUM_PATH` wins. */
export function findChromium(): string | null {
  return [...candidates, chromium.executablePath()].find(isExecutable) ?? null;
}

/**
 * Whether tabs can be filmed: Playwright's own ffmpeg lies beside its own browsers, and comes with them by download
 * alone.
 */
export function canRecordVideo(): boolean {
  // .../ms-playwright/chromium-1200/chrome-linux/chrome
  const browsers = resolve(chromium.executablePath(), '../../..');
  return existsSync(browsers) && readdirSync(browsers).some((name) => name.startsWith('ffmpeg-'));
}

/**
 * Path of a Chromium, installing one if there is none: Playwright's own where it can be downloaded, else
 * Debian's package where apt-get may be used. Throws with the remedy when neither works.
 */
export function ensureChromium(log: (line: string) => void): string {
  const found = findChromium();
  if (found) return found;

  log('No Chromium found: asking Playwright to download its own.');
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js');
  spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'ignore', timeout: 240_000 });
  const own = findChromium();
  if (own) return own;

  log("Playwright's download is not available: trying Debian's chromium by apt-get.");
  try {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore', timeout: 240_000 });
    execFileSync('apt-get', ['install', '-y', '-qq', 'chromium'], { stdio: 'ignore', timeout: 480_000 });
  } catch {
    // The check below says what to do.
  }
  const debian = findChromium();
  if (debian) return debian;
  throw new Error('No Chromium: install Chrome or Chromium and set CHROMIUM_PATH to its executable.');
}

/** What keeps hidden tabs at full speed; Playwright sets them by itself. */
const neverHide = [
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--disable-background-timer-throttling',
];

/**
 * Chromium with WebGPU. Where the machine has no GPU, SwiftShader serves it in software: right, but
 * slow. The background-networking flags keep it from calling home; hidden tabs are not slowed down, because
 * several train side by side and none of them is in front, unless `hides` asks for what people's browsers do.
 */
const args = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/** What such a Chromium is launched with, for whoever launches it otherwise than {@link launchChromium}. */
export const chromiumOptions = (executablePath: string) => ({
  executablePath,
  args: [...args, ...neverHide],
});

/** A headless browser for this process. */
export function launchChromium(
  executablePath: string,
  { hides = false }: { readonly hides?: boolean } = {},
): Promise<Browser> {
  return chromium.launch({
    headless: true,
    ...(hides ? { executablePath, args, ignoreDefaultArgs: neverHide } : chromiumOptions(executablePath)),
  });
}
