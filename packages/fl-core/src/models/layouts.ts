/** The tfjs-free half of `models/`: what the server may import. */
export * from './catalog.ts';
export * from './layout.ts';
