import type { Client } from './types.ts';

/** A client that can be sampled, if it is connected: introduced, with data, and wanting work. */
export const isReady = (client: Omit<Client, 'id'>): boolean =>
  client.hello !== null && client.hello.samples > 0 && !client.paused && !client.left;
