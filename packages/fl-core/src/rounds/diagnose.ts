import { diagnostics } from '../diagnostics/index.ts';
import { selectableLayers } from '../models/layouts.ts';
import { tellsFigures } from '../protocol/index.ts';
import { createStrategy, measuredScore, scaledScores } from '../selection/index.ts';
import { countedSamples } from './claims.ts';
import { layoutFor } from './layout.ts';
import type { Member, RoundDiagnostics, Run } from './types.ts';

/** Design, 7: what scores and masks say about a round. */

type Masked = Pick<Member, 'client' | 'samples' | 'claimed' | 'scores' | 'mask'>;

/** What the masks alone say: known when they are chosen. */
export function maskDiagnostics(
  run: Pick<Run, 'config'>,
  cohort: readonly Masked[],
): Pick<RoundDiagnostics, 'agreement' | 'covered' | 'effectiveClients'> {
  const { agreement, covered, effectiveClients } = diagnose(run, cohort);
  return { agreement, covered, effectiveClients: { ...effectiveClients } };
}

/**
 * Of those whose updates count, for the commit. The error terms are null unless what clients measured are squared
 * norms: of no other score is E1 or E2 a bound, in whatever unit.
 */
export function roundDiagnostics(
  run: Pick<Run, 'config'>,
  cohort: readonly (Masked & Pick<Member, 'update'>)[],
): RoundDiagnostics {
  const trained = cohort.filter((m) => m.update !== null);
  const { e1, e2 } = diagnose(run, trained);
  const strategy = createStrategy(run.config.strategy);
  const squared =
    strategy.needs === 'nothing' ||
    measuredScore(strategy.score, run.config.local.optimizer.name) === 'squared-norm';
  return { ...maskDiagnostics(run, trained), e1: squared ? e1 : null, e2: squared ? e2 : null };
}

function diagnose(run: Pick<Run, 'config'>, cohort: readonly Masked[]) {
  const layers = selectableLayers(layoutFor(run.config));
  const claims = countedSamples(run.config, cohort);
  // Of scores that nobody may be told, nothing is that follows from them without noise.
  const hidden = run.config.privacy.kind === 'client' && !tellsFigures(run.config);
  const measured = cohort.map(({ scores }) =>
    hidden ? null : scores && layers.map((layer) => scores[layer] ?? 0),
  );
  const by = (scores: ReturnType<typeof scaledScores>) =>
    diagnostics({
      layers,
      clients: cohort.map(({ client, mask }, i) => ({
        id: client,
        samples: claims.get(client)?.counted ?? 0,
        scores: scores[i] ?? null,
        mask: mask ?? [],
      })),
    });
  // the error terms are in the unit of the scores, a share of importance has none
  const { covered } = by(scaledScores(run.config.selection.scores, measured));
  return { ...by(measured), covered };
}
