/**
 * What a round's scores and masks say about its convergence: the error terms of Sun, Xie, Ding, Li, Zhang
 * (arXiv 2408.15600, Theorem 1), from numbers alone. All sums are weighted by alpha_i = d_i / sum of d_j.
 */
export interface DiagnosticsInput {
  /** Selectable layers. */
  readonly layers: readonly string[];
  readonly clients: readonly DiagnosticsClient[];
}

export interface DiagnosticsClient {
  readonly id: string;
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** s_il, squared gradient norms in the order of the layers; null when it brought none. */
  readonly scores: readonly number[] | null;
  /** Names of the layers that it trained. */
  readonly mask: readonly string[];
}

export interface Diagnostics {
  /**
   * Importance left on the table: sum of ||g_l||^2 over the layers that nobody trained. From norms alone
   * ||g_l||^2 is bounded by the clients' mean s_l = sum_i alpha_i s_il, which stands for it. Null without scores.
   */
  readonly e1: number | null;
  /**
   * Price of disagreeing: sum over the trained layers of chi2(w_l || alpha) kappa_l^2, with w_il = d_i / (sum of
   * d_j over those who trained l). kappa_l^2, how far the clients' gradients lie apart, is bounded by the same
   * mean s_l and stands for it. 0 when everybody trains the same. Null without scores.
   */
  readonly e2: number | null;
  /**
   * Agreement between masks, in [0, 1]: pairs of clients that share a layer over pairs of which at least one has
   * it, summed over the layers (a pooled Jaccard index). 1 when all masks are equal.
   */
  readonly agreement: number;
  /** Share of the clients' importance that lies in their own masks, in [0, 1]. Null without scores. */
  readonly covered: number | null;
  /** Effective number of clients a layer, 1 / sum_i w_il^2 (Kish); 0 where nobody trained it. */
  readonly effectiveClients: Readonly<Record<string, number>>;
  /** Mean of the above over the layers that somebody trained; 0 when there is none. */
  readonly meanEffectiveClients: number;
}

export function diagnostics(input: DiagnosticsInput): Diagnostics {
  const columns = input.layers.map((layer, l) => column(input.clients, layer, l));
  const scored = input.clients.some((c) => c.scores !== null && c.samples > 0);
  const trained = columns.filter((c) => c.effective > 0);
  const importance = sum(columns.map((c) => c.importance));
  return {
    e1: scored ? sum(columns.filter((c) => c.effective === 0).map((c) => c.importance)) : null,
    e2: scored ? sum(trained.map((c) => c.chi2 * c.importance)) : null,
    agreement: agreement(input),
    covered: scored ? (importance > 0 ? sum(columns.map((c) => c.covered)) / importance : 1) : null,
    effectiveClients: Object.fromEntries(input.layers.map((layer, l) => [layer, columns[l]!.effective])),
    meanEffectiveClients: trained.length > 0 ? sum(trained.map((c) => c.effective)) / trained.length : 0,
  };
}

interface Column extends Participation {
  /** s_l, the clients' mean score. */
  readonly importance: number;
  /** The part of it that lies in masks. */
  readonly covered: number;
}

function column(clients: readonly DiagnosticsClient[], layer: string, l: number): Column {
  const scored = clients.filter((c) => c.scores !== null);
  const scoredSamples = sum(scored.map((c) => c.samples));
  const share = (c: DiagnosticsClient) => (c.samples / scoredSamples) * (c.scores?.[l] ?? 0);
  return {
    importance: scoredSamples > 0 ? sum(scored.map(share)) : 0,
    covered: scoredSamples > 0 ? sum(scored.filter((c) => c.mask.includes(layer)).map(share)) : 0,
    ...participation(
      clients.map((c) => c.samples),
      (i) => clients[i]!.mask.includes(layer),
    ),
  };
}

/** Who stands behind a layer, beside everybody. */
export interface Participation {
  /** chi2(w || alpha) = sum_i (w_i - alpha_i)^2 / alpha_i: 0 when everybody trains it, and when nobody does. */
  readonly chi2: number;
  /** 1 / sum_i w_i^2 (Kish); 0 when nobody trains it. */
  readonly effective: number;
}

/** @param samples d_i of each client; one without samples has no weight on either side. */
export function participation(
  samples: readonly number[],
  trains: (client: number) => boolean,
): Participation {
  const all = sum(samples);
  const trained = sum(samples.filter((_, i) => trains(i)));
  let chi2 = 0;
  let squares = 0;
  samples.forEach((d, i) => {
    if (d === 0 || trained === 0) return;
    const alpha = d / all;
    const weight = trains(i) ? d / trained : 0;
    chi2 += (weight - alpha) ** 2 / alpha;
    squares += weight ** 2;
  });
  return { chi2, effective: squares > 0 ? 1 / squares : 0 };
}

function agreement({ layers, clients }: DiagnosticsInput): number {
  let shared = 0;
  let any = 0;
  for (const layer of layers) {
    const k = clients.filter((c) => c.mask.includes(layer)).length;
    const both = (k * (k - 1)) / 2;
    shared += both;
    any += both + k * (clients.length - k);
  }
  return any === 0 ? 1 : shared / any;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
