import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

interface WideTableProps {
  /** What is in the table, for whoever comes to it by keyboard. */
  readonly label: string;
  /** In pixels; narrower than that it scrolls to the side. */
  readonly minWidth: number;
  /** In pixels; longer than that it scrolls down. */
  readonly maxHeight?: number;
  readonly children: ReactNode;
}

/** Room for a table that may be larger than the page; the arrow keys move it, too. */
export function WideTable({ label, minWidth, maxHeight, children }: WideTableProps) {
  return (
    <Table.ScrollContainer
      minWidth={minWidth}
      {...(maxHeight !== undefined && { mah: maxHeight })}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': label } }}
    >
      {children}
    </Table.ScrollContainer>
  );
}
