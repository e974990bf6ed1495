import { Button, Checkbox, NativeSelect } from '@mantine/core';
import { IconAlertTriangle, IconColumns3 } from '@tabler/icons-react';
import { useState } from 'react';
import type { ChosenColumns, ColumnRole, ShownTable } from '../client/index.ts';
import { count } from '../shared/texts/format.ts';
import { columnName, rolesOf, roleWord, takenColumns } from './column-words.ts';
import classes from './TableColumns.module.css';

interface TableColumnsProps {
  readonly tables: readonly ShownTable[];
  /** Says it of all tables with this layout. */
  readonly onColumns: (layout: string, columns: ChosenColumns) => void;
}

/** Kinds of tables shown one by one; of more there is a line. */
const shownTables = 6;
/** Columns of which examples are shown: a phone has room for no more. */
const exampleColumns = 6;
/** Columns that can be given another role; a table of more is none that people fill in. */
const shownColumns = 60;

/** Which columns of the person's tables were taken, with two rows of each, and the way to take others. */
export default function TableColumns({ tables, onColumns }: TableColumnsProps) {
  return (
    <div className={classes.tables} data-testid="columns">
      {tables.slice(0, shownTables).map((table) => (
        // What was said of a table comes back as another one: the form begins anew.
        <OneTable
          key={JSON.stringify([table.layout, table.header, table.roles, table.unclear])}
          table={table}
          onColumns={onColumns}
        />
      ))}
      {tables.length > shownTables && (
        <p className={classes.more}>and {count(tables.length - shownTables)} more kinds of tables</p>
      )}
    </div>
  );
}

interface OneTableProps {
  readonly table: ShownTable;
  readonly onColumns: TableColumnsProps['onColumns'];
}

function OneTable({ table, onColumns }: OneTableProps) {
  const { unclear } = table;
  const [open, setOpen] = useState(unclear !== null);
  return (
    <section className={classes.table} data-unclear={unclear !== null}>
      <p className={classes.lead}>
        {unclear === null ? (
          <IconColumns3 size={16} aria-hidden="true" />
        ) : (
          <IconAlertTriangle size={16} aria-hidden="true" />
        )}
        <span>
          <strong>{table.file}</strong>
          {table.files > 1 && ` and ${count(table.files - 1)} more like it`}: {unclear ?? takenColumns(table)}
        </span>
      </p>
      {unclear === null && <Examples table={table} />}
      {unclear === null && (
        <Button
          variant="subtle"
          size="compact-sm"
          className={classes.change}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          Take other columns
        </Button>
      )}
      {open && <Roles table={table} onColumns={onColumns} />}
    </section>
  );
}

/** The first rows, of the columns that are used only. */
function Examples({ table: { titles, roles, examples, needs } }: { table: ShownTable }) {
  const used = [...roles.keys()].filter((index) => roles[index] !== 'none').slice(0, exampleColumns);
  return (
    <table className={classes.rows}>
      <caption>The first rows, as they are read</caption>
      <thead>
        <tr>
          {used.map((index) => (
            <th key={index} scope="col">
              {roleWord(roles[index] ?? 'none', needs)}
              <span className={classes.name}>{columnName(titles[index] ?? '')}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {examples.map((cells, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have nothing else, and stay in their order.
          <tr key={row}>
            {used.map((index) => (
              <td key={index}>{cells[index]}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Every column with what stands in it, and what it is used for. */
function Roles({ table, onColumns }: OneTableProps) {
  const [header, setHeader] = useState(table.header);
  const [roles, setRoles] = useState(table.roles);
  const { titles, examples, needs, layout } = table;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        onColumns(layout, { header, roles });
      }}
    >
      <div className={classes.list}>
        {titles.slice(0, shownColumns).map((title, index) => (
          <NativeSelect
            // biome-ignore lint/suspicious/noArrayIndexKey: names of columns may be the same; they stay in their order.
            key={index}
            label={columnName(title)}
            description={
              examples
                .map((cells) => cells[index] ?? '')
                .filter((cell) => cell !== '')
                .join(' · ') || 'empty'
            }
            classNames={{ description: classes.sample ?? '' }}
            value={roles[index] ?? 'none'}
            onChange={({ currentTarget: { value } }) =>
              setRoles(roles.map((role, i) => (i === index ? (value as ColumnRole) : role)))
            }
            data={rolesOf(needs).map((role) => ({ value: role, label: roleWord(role, needs) }))}
          />
        ))}
      </div>
      {!titles[0]?.startsWith('field') && (
        <Checkbox
          label="The first row has the names of the columns"
          checked={header}
          onChange={({ currentTarget: { checked } }) => setHeader(checked)}
        />
      )}
      <Button type="submit" variant="light">
        Use these columns
      </Button>
    </form>
  );
}
