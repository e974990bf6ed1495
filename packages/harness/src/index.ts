export * from './chromium.ts';
export * from './operator.ts';
export * from './server.ts';
