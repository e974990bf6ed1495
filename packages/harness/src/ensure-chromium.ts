import { ensureChromium } from './chromium.ts';

console.log(ensureChromium(console.log));
