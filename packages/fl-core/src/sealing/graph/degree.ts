import { StrataError } from '../../error.ts';
import { Hypergeometric, LogFactorials } from './hypergeometric.ts';

/** How many others a participant shares its secrets with, and how many of them give one back. */
export interface Parameters {
  /** Neighbours of each. */
  readonly degree: number;
  /** Shares that a secret is put together from; fewer tell nothing. */
  readonly threshold: number;
}

/** Up to so many, everybody is everybody's neighbour: a sparser graph would save less than two thirds. */
export const completeUpTo = 64;

/** Shares of participants that are hostile, and that are lost between sharing and the masked upload. */
export interface Assumed {
  readonly hostile: number;
  readonly lost: number;
  /** A server that tells participants different things of who is left, and not only looks. */
  readonly lyingServer: boolean;
}

/** Shares are exchanged after training, so that what is lost afterwards is little. */
export const assumed: Assumed = { hostile: 0.1, lost: 0.1, lyingServer: true };

/**
 * Degree and threshold of a Harary graph in which, but for 2^-40, the honest participants that are left stay connected
 * and hostile ones do not reach the threshold, and but for 2^-20 those that are left do. Bell, Bonawitz, Gascon,
 * Lepoint, Raykova (CCS 2020), section 3; a port of google-parfait/federated-compute,
 * `fcp/secagg/server/graph_parameter_finder.cc`.
 * @param members more than 3.
 * @throws `small-group` where no graph does.
 */
export function findParameters(members: number, { hostile, lost, lyingServer }: Assumed): Parameters {
  const log = new LogFactorials(members);
  const bad = Math.floor((hostile + tiny) * members);
  const gone = Math.floor((lost + tiny) * members);
  const left = Math.ceil((1 - lost - tiny) * members);
  for (let degree = 2; degree < members - 1; degree += 2) {
    if (disconnectedLog(members, degree, bad + gone, log) >= -(security + 1) * Math.LN2) continue;
    const hostiles = new Hypergeometric(members, bad, degree, log);
    const survivors = new Hypergeometric(members, left, degree, log);
    const known = hostiles.quantileFromAbove(2 ** -(security + 1) / members);
    const failing = 2 ** -correctness / members;
    let present = survivors.quantile(failing);
    if (survivors.atMost(present) < failing) present++;
    // A lying server asks some neighbours for one kind of share and the others for the other kind.
    const reached = lyingServer ? Math.ceil((known + degree - 1.25) / 2) : known;
    if (present > reached) return { degree, threshold: Math.max(reached + 1, 2) };
  }
  throw new StrataError(
    'small-group',
    `No graph of ${members} participants keeps their secrets when ${bad} are hostile and ${gone} are lost.`,
    'Wait for more participants.',
  );
}

/**
 * Of everybody with everybody up to {@link completeUpTo}, where each keeps a share of its own, and more than two
 * thirds give a secret back: a server that asks for both kinds then needs a third of all on its side.
 * @param members 2 or more.
 */
export function parametersFor(members: number): Parameters {
  if (members <= completeUpTo) {
    return { degree: members - 1, threshold: Math.floor((2 * members) / 3) + 1 };
  }
  const before = found.get(members);
  if (before !== undefined) return before;
  const parameters = findParameters(members, assumed);
  found.set(members, parameters);
  return parameters;
}

/** By the number of members: a round asks after every event. */
const found = new Map<number, Parameters>();

/** Shares are floating point: 0.1 * 30 is 3.0000000000000004. */
const tiny = 1e-14;
const security = 40;
const correctness = 20;

/** The logarithm of a bound on the chance that all neighbours of somebody are hostile or gone. */
function disconnectedLog(members: number, degree: number, bad: number, { factorial }: LogFactorials): number {
  if (degree > bad) return Number.NEGATIVE_INFINITY;
  return (
    Math.log(members) +
    Math.log(members - degree - 1) -
    Math.LN2 +
    factorial(bad) +
    factorial(members - degree) -
    factorial(members) -
    factorial(bad - degree)
  );
}
