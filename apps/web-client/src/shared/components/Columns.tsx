import { Table, VisuallyHidden } from '@mantine/core';

interface ColumnsProps {
  readonly names: readonly string[];
  /** Whether a last column has what can be done to a row. */
  readonly actions?: boolean;
}

/** The heading of a table. */
export function Columns({ names, actions = false }: ColumnsProps) {
  return (
    <Table.Thead>
      <Table.Tr>
        {names.map((name) => (
          <Table.Th key={name} scope="col">
            {name}
          </Table.Th>
        ))}
        {actions && (
          <Table.Th scope="col">
            <VisuallyHidden>Actions</VisuallyHidden>
          </Table.Th>
        )}
      </Table.Tr>
    </Table.Thead>
  );
}
