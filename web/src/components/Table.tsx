import type { ReactNode } from 'react';
import './Table.css';
import { classes } from './classes';

export interface Column<Row> {
  key: string;
  title: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Numbers are set to the right, with digits of one width. */
  isNumber?: boolean;
  width?: string;
}

interface TableProps<Row> {
  /** What the table holds, for those who do not see it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  isSelected?: (row: Row) => boolean;
}

export function Table<Row>({ label, columns, rows, rowKey, isSelected }: TableProps<Row>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section aria-label={label} className="table-scroll" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                className={classes(column.isNumber && 'number-cell')}
                key={column.key}
                scope="col"
                style={{ width: column.width }}
              >
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr aria-selected={isSelected?.(row)} key={rowKey(row)}>
              {columns.map((column) => (
                <td className={classes(column.isNumber && 'number-cell')} key={column.key}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
