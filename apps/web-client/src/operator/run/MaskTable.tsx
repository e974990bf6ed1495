import { Tooltip } from '@mantine/core';
import type { CostUnit } from '@strata/fl-core/protocol';
import { score } from '../../shared/texts/format.ts';
import classes from './MaskTable.module.css';
import { budgetCell, type MaskCell, type MaskRow } from './masks.ts';

interface MaskTableProps {
  readonly rows: readonly MaskRow[];
  readonly round: number;
  /** Of the budgets; null when the strategy does not look at them. */
  readonly unit: CostUnit | null;
}

/** Participants down, layers across; a filled square is a chosen layer, the tint is the participant's own preference. */
export function MaskTable({ rows, round, unit }: MaskTableProps) {
  const layers = rows[0]?.cells.map((c) => c.layer) ?? [];
  return (
    <table className={classes.table} data-testid="mask-table" data-round={round}>
      <thead>
        <tr>
          <th scope="col" className={classes.corner}>
            Participant
          </th>
          {unit !== null && (
            <th scope="col" className={classes.corner}>
              Budget
            </th>
          )}
          <th scope="col" className={classes.corner}>
            Samples
          </th>
          {layers.map((layer) => (
            <th key={layer} scope="col" className={classes.layer}>
              <span>{layer}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.client} data-client={row.client}>
            <th
              scope="row"
              className={classes.client}
              title={row.client}
              data-left={row.state === 'left' || undefined}
            >
              {row.name}
            </th>
            {unit !== null && (
              <td className={classes.budget} data-budget={row.budget}>
                {budgetCell(row, unit)}
              </td>
            )}
            <td className={classes.budget} data-weight={row.client}>
              {row.weights.map(({ text, explanation, bounded }) => (
                <div key={explanation} title={explanation} data-bounded={bounded || undefined}>
                  {text}
                </div>
              ))}
            </td>
            {row.cells.map((cell) => (
              <Cell key={cell.layer} cell={cell} name={row.name} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({ cell, name }: { cell: MaskCell; name: string }) {
  const verdict = cell.chosen ? 'trains' : 'does not train';
  const text = `${name} ${verdict} ${cell.layer}${cell.score === null ? '' : `, score ${score(cell.score)}`}`;
  return (
    <td
      className={classes.cell}
      data-layer={cell.layer}
      data-chosen={cell.chosen}
      data-score={cell.score ?? undefined}
    >
      <Tooltip label={text} openDelay={150}>
        <span className={classes.square} role="img" aria-label={text}>
          <span className={classes.tint} style={{ opacity: 0.08 + 0.5 * cell.preference }} />
          {cell.chosen && <span className={classes.chosen} />}
        </span>
      </Tooltip>
    </td>
  );
}
