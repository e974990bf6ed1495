import { fileURLToPath } from 'node:url';
import type { ReducedPicture } from '@strata/fl-core/data';
import { ensureChromium, launchChromium } from '@strata/harness';
import { build } from 'esbuild';
import { z } from 'zod';

/** A Chromium that reduces pictures by the very code of the participant's page. */
export interface BrowserPictures {
  /** Rejects with the reason that the page would give. */
  reduce(bytes: Uint8Array, side: number, mostPixels: number): Promise<ReducedPicture>;
  close(): Promise<void>;
}

const code = fileURLToPath(new URL('../../../../web-client/src/client/decode-image.ts', import.meta.url));

const Answer = z.union([
  z.object({ pixels: z.string(), shorterSide: z.number() }),
  z.object({ reason: z.string() }),
]);

export async function browserPictures(log: (line: string) => void): Promise<BrowserPictures> {
  const script = await bundle();
  const browser = await launchChromium(ensureChromium(log));
  const page = await browser.newPage();
  await page.addScriptTag({ content: script });
  return {
    async reduce(bytes, side, mostPixels) {
      const picture = JSON.stringify(Buffer.from(bytes).toString('base64'));
      const answer = Answer.parse(await page.evaluate(`strataReduce(${picture}, ${side}, ${mostPixels})`));
      if ('reason' in answer) throw new Error(answer.reason);
      const { pixels, shorterSide } = answer;
      return { pixels: new Uint8Array(Buffer.from(pixels, 'base64')), shorterSide };
    },
    close: () => browser.close(),
  };
}

/** Bytes travel to the page and back as base64. */
const entry = `
import { reducePicture } from '@strata/fl-core/data';
import { openPicture } from ${JSON.stringify(code)};
globalThis.strataReduce = async (picture, side, mostPixels) => {
  const bytes = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
  try {
    const { pixels, shorterSide } = await reducePicture(bytes, { side, mostPixels, open: openPicture });
    return { pixels: btoa(Array.from(pixels, (byte) => String.fromCharCode(byte)).join('')), shorterSide };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
};
`;

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
