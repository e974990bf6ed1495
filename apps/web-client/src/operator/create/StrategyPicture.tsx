import type { RunConfig } from '@strata/fl-core/protocol';
import type { LayerCosts, ScoreScale } from '@strata/fl-core/selection';
import { useMemo } from 'react';
import { exampleLayers, exampleMasks } from './example.ts';
import classes from './StrategyPicture.module.css';

const pitch = 14;
const size = 11;

interface StrategyPictureProps {
  readonly strategy: RunConfig['strategy'];
  /** One a client, in the unit of `costs`. */
  readonly budgets: readonly number[];
  readonly costs: LayerCosts;
  readonly scale: ScoreScale;
}

/** Five imaginary clients (rows), eight layers: the tint is the score, the filled squares are what is trained. */
export function StrategyPicture({ strategy, budgets, costs, scale }: StrategyPictureProps) {
  const rows = useMemo(
    () => exampleMasks(strategy, budgets, scale, costs),
    [strategy, budgets, scale, costs],
  );
  const width = exampleLayers * pitch;
  const height = rows.length * pitch;
  return (
    <svg
      className={classes.picture}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`Example with five participants and ${exampleLayers} layers; filled squares are trained`}
    >
      {rows.map((row, r) =>
        row.cells.map((cell, layer) => (
          <g key={`${row.client}/${layer.toString()}`}>
            <rect
              className={classes.score}
              x={layer * pitch}
              y={r * pitch}
              width={size}
              height={size}
              rx={2.5}
              fillOpacity={0.08 + 0.42 * cell.score}
            />
            {cell.chosen && (
              <rect
                className={classes.chosen}
                x={layer * pitch + 2}
                y={r * pitch + 2}
                width={7}
                height={7}
                rx={1.5}
              />
            )}
          </g>
        )),
      )}
    </svg>
  );
}
