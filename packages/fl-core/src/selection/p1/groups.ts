import { Knapsack } from './knapsack.ts';
import type { Effort, ScaledProblem } from './scaled.ts';

/** A point of the search: see `Ascent`. */
interface Point {
  readonly problem: ScaledProblem;
  readonly effort: Effort;
  /** m, (N, L). */
  readonly mask: Uint8Array;
  /** k_l, (L). */
  readonly counts: Int32Array;
}

/** What a client may do with its best set: join `into` whatever that costs, do without `outOf`. */
interface Wish {
  readonly into?: number;
  readonly outOf?: number;
}

/**
 * Moves where a layer is trained by nobody or by at least m clients. One client at a time takes its best set among those
 * that leave every group what it is: members of a group of exactly m stay, and nobody joins a layer that would have fewer
 * than m with it. What such moves cannot reach, exchanges of two clients, kicks of whole layers and {@link repair} do.
 */
export class Groups {
  readonly #point: Point;
  readonly #least: number;
  readonly #knapsack: Knapsack;
  readonly #gain: Float64Array;
  /** 1 for layers that the client may not be without. */
  readonly #held: Uint8Array;
  readonly #biased: Float64Array;
  readonly #epsilon: number;

  constructor(point: Point, epsilon: number) {
    const { costs, reach, layers, minimumGroup } = point.problem;
    this.#point = point;
    this.#least = minimumGroup;
    this.#knapsack = new Knapsack(costs, reach);
    this.#gain = new Float64Array(layers);
    this.#held = new Uint8Array(layers);
    this.#biased = new Float64Array(layers);
    this.#epsilon = epsilon;
  }

  /** Whether every layer has nobody or enough. */
  get hold(): boolean {
    return this.#point.counts.every((k) => k === 0 || k >= this.#least);
  }

  /**
   * Block ascent, as `Ascent.ascend`: groups stay or grow, those that are too small may only dwindle. A `bias` (L) above 0
   * lets a layer be joined by whom it may, one below 0 lets it be left.
   */
  ascend(lambda: number, sweeps: number, bias: Float64Array | null): void {
    const { problem, effort } = this.#point;
    for (let sweep = 0; sweep < sweeps && !effort.spent; sweep++) {
      let moved = false;
      // Who gains the most goes first: of a group that is larger than m, only so many may leave.
      for (const i of this.#eagerFirst(lambda, bias)) moved = this.#improve(i, lambda, bias) || moved;
      if (!moved && (bias !== null || problem.clients < 2 || !this.#exchange(lambda))) return;
    }
  }

  /**
   * Makes all groups large enough: the largest of those that are too small first, each is either filled with the clients
   * whom that costs the least, or struck, whichever costs less.
   */
  repair(lambda: number): void {
    const { counts } = this.#point;
    for (;;) {
      let layer = -1;
      for (let l = 0; l < counts.length; l++) {
        if (counts[l]! > 0 && counts[l]! < this.#least && counts[l]! > (counts[layer] ?? 0)) layer = l;
      }
      if (layer < 0) return;
      const { members, others } = this.#sides(layer);
      const struck = members.reduce((sum, i) => sum - this.#change(i, lambda, { outOf: layer }), 0);
      const joining = others
        .map((i) => ({ i, loss: -this.#change(i, lambda, { into: layer }) }))
        .filter(({ loss }) => loss < Number.POSITIVE_INFINITY)
        .sort((a, b) => a.loss - b.loss || a.i - b.i);
      const missing = this.#least - members.length;
      const filled = joining.slice(0, missing).reduce((sum, { loss }) => sum + loss, 0);
      if (joining.length >= missing && filled < struck) {
        for (const { i } of joining) {
          if (counts[layer]! >= this.#least) break;
          if (this.#change(i, lambda, { into: layer }) > Number.NEGATIVE_INFINITY) this.#take(i);
        }
      }
      if (counts[layer]! >= this.#least) continue;
      for (const i of this.#sides(layer).members) {
        this.#change(i, lambda, { outOf: layer });
        this.#take(i);
      }
    }
  }

  #sides(layer: number): { members: number[]; others: number[] } {
    const { problem, mask } = this.#point;
    const members: number[] = [];
    const others: number[] = [];
    for (let i = 0; i < problem.clients; i++)
      (mask[i * problem.layers + layer] === 1 ? members : others).push(i);
    return { members, others };
  }

  /** Clients by what they would gain now. */
  #eagerFirst(lambda: number, bias: Float64Array | null): Uint32Array {
    const gains = Float64Array.from({ length: this.#point.problem.clients }, (_, i) =>
      this.#change(i, lambda, {}, bias),
    );
    return Uint32Array.from(gains.keys()).sort((a, b) => gains[b]! - gains[a]! || a - b);
  }

  #improve(i: number, lambda: number, bias: Float64Array | null): boolean {
    if (this.#change(i, lambda, {}, bias) <= this.#epsilon) return false;
    this.#take(i);
    return true;
  }

  /**
   * One exchange for each group of exactly m: the member that gains the most by leaving leaves, the client that loses the
   * least by it joins, if that is worth it.
   */
  #exchange(lambda: number): boolean {
    const { counts, effort } = this.#point;
    let moved = false;
    for (let l = 0; l < counts.length && !effort.spent; l++) {
      if (counts[l] !== this.#least) continue;
      const { members, others } = this.#sides(l);
      const leaver = this.#most(members, lambda, { outOf: l });
      const joiner = this.#most(others, lambda, { into: l });
      // The joiner was told that it would be one more; it is as many as before.
      if (leaver.gain + joiner.gain - 2 * lambda <= this.#epsilon) continue;
      moved = this.#swap(leaver.client, joiner.client, l, lambda) || moved;
    }
    return moved;
  }

  #most(clients: readonly number[], lambda: number, wish: Wish): { client: number; gain: number } {
    let most = { client: -1, gain: Number.NEGATIVE_INFINITY };
    for (const client of clients) {
      const gain = this.#change(client, lambda, wish);
      if (gain > most.gain) most = { client, gain };
    }
    return most;
  }

  /** Undone where it breaks a group that both left, or is worth less than it seemed since both went the same way. */
  #swap(leaver: number, joiner: number, layer: number, lambda: number): boolean {
    const { problem, mask } = this.#point;
    const rows = [leaver, joiner].map((i) => mask.slice(i * problem.layers, (i + 1) * problem.layers));
    const before = this.#worth([leaver, joiner], lambda);
    if (this.#change(joiner, lambda, { into: layer }) > Number.NEGATIVE_INFINITY) {
      this.#take(joiner);
      this.#change(leaver, lambda, { outOf: layer });
      this.#take(leaver);
      if (this.hold && this.#worth([leaver, joiner], lambda) > before + this.#epsilon) return true;
    }
    [leaver, joiner].forEach((i, at) => {
      this.#put(i, rows[at]!);
    });
    return false;
  }

  /** The part of the objective that the sets of these clients change. */
  #worth(clients: readonly number[], lambda: number): number {
    const { problem, mask, counts } = this.#point;
    const { layers, scores } = problem;
    let sum = 0;
    for (const i of clients)
      for (let l = 0; l < layers; l++) if (mask[i * layers + l] === 1) sum += scores[i * layers + l]!;
    for (const k of counts) sum -= lambda * k * (problem.clients - k);
    return sum;
  }

  /**
   * What the client gains by its best set that grants the wish, which is then in the knapsack's `chosen`; minus infinity
   * where there is none.
   */
  #change(i: number, lambda: number, { into, outOf }: Wish, bias: Float64Array | null = null): number {
    const { clients, layers, scores, budgets } = this.#point.problem;
    const { mask, counts, effort } = this.#point;
    const gain = this.#gain;
    const held = this.#held;
    const row = i * layers;
    let current = 0;
    let bonus = 1;
    for (let l = 0; l < layers; l++) {
      const mine = mask[row + l]!;
      const others = counts[l]! - mine;
      const lean = bias ? bias[l]! : 0;
      const value = scores[row + l]! + lambda * (2 * others + 1 - clients) + lean;
      if (mine === 1) current += value;
      const barred = l === outOf || (mine === 0 && others + 1 < this.#least && lean <= 0 && l !== into);
      held[l] = l === into || (mine === 1 && others + 1 === this.#least && lean >= 0 && l !== outOf) ? 1 : 0;
      gain[l] = barred ? -1 : value;
      bonus += Math.abs(value);
    }
    // Worth more than everything else together, so that the best set has them, if any has.
    for (let l = 0; l < layers; l++) this.#biased[l] = gain[l]! + (held[l] === 1 ? bonus : 0);
    this.#knapsack.solve(this.#biased, budgets[i]!);
    effort.spend(2 * this.#knapsack.work);
    const { chosen } = this.#knapsack;
    let value = 0;
    for (let l = 0; l < layers; l++) {
      if (held[l] === 1 && chosen[l] === 0) return Number.NEGATIVE_INFINITY;
      if (chosen[l] === 1) value += gain[l]!;
    }
    return value - current;
  }

  /** The client takes what {@link #change} chose last. */
  #take(i: number): void {
    this.#put(i, this.#knapsack.chosen);
  }

  #put(i: number, set: Uint8Array): void {
    const { problem, mask, counts } = this.#point;
    const row = i * problem.layers;
    for (let l = 0; l < problem.layers; l++) {
      counts[l]! += set[l]! - mask[row + l]!;
      mask[row + l] = set[l]!;
    }
  }
}
