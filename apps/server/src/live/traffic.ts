/**
 * Bytes that clients downloaded since the last flush, in memory: one number a client, written to the member
 * rows when a phase closes. Best effort: a crash loses the count of one phase.
 */
export class Traffic {
  readonly #bytes = new Map<string, Map<string, number>>();

  add(run: string, client: string, bytes: number): void {
    let byClient = this.#bytes.get(run);
    if (!byClient) {
      byClient = new Map();
      this.#bytes.set(run, byClient);
    }
    byClient.set(client, (byClient.get(client) ?? 0) + bytes);
  }

  /** Runs of which something is counted. */
  get runs(): string[] {
    return [...this.#bytes.keys()];
  }

  /** Takes out all that has been counted of a run. */
  takeAll(run: string): Map<string, number> {
    const taken = this.#bytes.get(run) ?? new Map<string, number>();
    this.#bytes.delete(run);
    return taken;
  }

  /** Takes out what has been counted for these clients; others keep theirs for a later round. */
  take(run: string, clients: readonly string[]): Map<string, number> {
    const byClient = this.#bytes.get(run);
    const taken = new Map<string, number>();
    for (const client of clients) {
      const bytes = byClient?.get(client);
      if (bytes === undefined) continue;
      taken.set(client, bytes);
      byClient?.delete(client);
    }
    return taken;
  }
}

export interface HasTraffic {
  readonly traffic: Traffic;
}
