import { Table } from '@mantine/core';
import { memo, useMemo } from 'react';
import { score } from '../../shared/texts/format.ts';
import type { ImportanceMatrix } from './charts/importance.ts';

/** Rounds down, layers across. `data-value` has every digit that the server sent. */
export const ImportanceTable = memo(function ImportanceTable({ matrix }: { matrix: ImportanceMatrix }) {
  const values = useMemo(
    () => new Map(matrix.cells.map((cell) => [`${cell.round}/${cell.layer}`, cell.value])),
    [matrix],
  );
  return (
    <Table data-testid="importance-table" fz="xs" withRowBorders stickyHeader>
      <Table.Caption>Mean score of every layer, by round</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Round</Table.Th>
          {matrix.layers.map((layer) => (
            <Table.Th key={layer} scope="col" ta="right">
              {layer}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {matrix.rounds.map((round) => (
          <Table.Tr key={round}>
            <Table.Th scope="row">{round}</Table.Th>
            {matrix.layers.map((layer) => {
              const value = values.get(`${round}/${layer}`);
              return (
                <Table.Td key={layer} ta="right" data-round={round} data-layer={layer} data-value={value}>
                  {value === undefined ? '–' : score(value)}
                </Table.Td>
              );
            })}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
});
