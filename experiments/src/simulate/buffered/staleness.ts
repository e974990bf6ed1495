/**
 * How old what a client trained is, layer by layer: a layer that nobody has changed since its copy is as fresh as any,
 * whatever was committed meanwhile.
 */
export class Staleness {
  /** By layer, the versions that changed it, rising. */
  readonly #changes = new Map<string, number[]>();

  /** Version `version`, counted from 1, has changed these layers. */
  changed(version: number, layers: readonly string[]): void {
    for (const layer of layers) {
      const changes = this.#changes.get(layer) ?? [];
      changes.push(version);
      this.#changes.set(layer, changes);
    }
  }

  /** tau: how often a layer was changed after version `since`; 0 is the model that the run began with. */
  of(layer: string, since: number): number {
    return (this.#changes.get(layer) ?? []).filter((version) => version > since).length;
  }
}

/** s(tau), in (0, 1]. Nguyen et al., Federated Learning with Buffered Asynchronous Aggregation, arXiv 2106.06639, 5. */
export const stalenessWeight = (tau: number): number => 1 / Math.sqrt(1 + tau);
