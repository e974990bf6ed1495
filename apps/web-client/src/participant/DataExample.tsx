import type { Example } from '@strata/fl-core/tasks';
import classes from './DataExample.module.css';

/** A small picture of a file to bring. */
export function DataExample({ example }: { example: Example }) {
  switch (example.kind) {
    case 'table':
      return (
        <table className={classes.table} data-testid="example">
          <caption className={classes.caption}>For example</caption>
          <thead>
            <tr>
              {example.header.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {example.rows.map((cells) => (
              <tr key={cells.join()}>
                {cells.map((cell, column) => (
                  <td key={example.header[column]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case 'text':
      return (
        <figure className={classes.figure} data-testid="example">
          <figcaption className={classes.caption}>For example</figcaption>
          <p className={classes.page}>{example.lines.join(' ')}</p>
        </figure>
      );
    default:
      return example satisfies never;
  }
}
