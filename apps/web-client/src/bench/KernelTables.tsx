import { SimpleGrid, Table } from '@mantine/core';
import type { GpuRow } from '@strata/gpu-bench';
import { Panel } from '../shared/components/Panel.tsx';
import { WideTable } from '../shared/components/WideTable.tsx';
import { milliseconds, rate } from '../shared/texts/format.ts';
import classes from './Bench.module.css';
import { rowsOf } from './groups.ts';

interface KernelTableProps {
  readonly title: string;
  readonly hint: string;
  readonly columns: readonly string[];
  /** The name, then the other columns. */
  readonly cells: readonly (readonly string[])[];
  readonly testId: string;
}

/** Single kernels: matrix products, and what else a Transformer's step is made of. */
export function KernelTables({ rows }: { rows: readonly GpuRow[] }) {
  const products = rowsOf(rows, 'product');
  const operations = rowsOf(rows, 'operation');
  if (products.length + operations.length === 0) return null;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      {products.length > 0 && (
        <KernelTable
          title="Matrix products"
          hint="M rows by N columns, sums over K. The error is the largest of some elements, beside sums of double precision; below 1e-5 it is rounding."
          columns={['Product', 'M × N × K', 'Time', 'Rate', 'Error']}
          cells={products.map(({ name, m, n, k, ms, gflops, error }) => [
            name,
            `${m} × ${n} × ${k}`,
            milliseconds(ms),
            rate(gflops, 'GFLOP/s'),
            error.toExponential(1),
          ])}
          testId="bench-products"
        />
      )}
      {operations.length > 0 && (
        <KernelTable
          title="Other kernels"
          hint="GFLOP/s where products make the work, GB/s where the work is to read and write memory."
          columns={['Kernel', 'Time', 'Rate']}
          cells={operations.map(({ name, ms, rate: value, unit }) => [
            name,
            milliseconds(ms),
            rate(value, unit),
          ])}
          testId="bench-operations"
        />
      )}
    </SimpleGrid>
  );
}

function KernelTable({ title, hint, columns, cells, testId }: KernelTableProps) {
  return (
    <Panel title={title} hint={hint} testId={testId} flush>
      <WideTable label={`${title}, contents`} minWidth={120 * columns.length}>
        <Table fz="sm" verticalSpacing={6} className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((name, i) => (
                <Table.Th key={name} scope="col" ta={i === 0 ? 'left' : 'right'}>
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {cells.map(([name, ...others]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={450}>
                  {name}
                </Table.Th>
                {others.map((text, i) => (
                  <Table.Td key={columns[i + 1]} ta="right">
                    {text}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Panel>
  );
}
