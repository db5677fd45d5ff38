import type { ReactNode } from 'react';
import styles from './table.module.css';

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** Its cells are short, and are not broken into lines where there is room. */
  readonly isShort?: boolean;
}

interface Props<Row> {
  readonly caption: string;
  /** The first column names the row. A column without a name holds what can be done with it. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly footer?: ReactNode;
}

/**
 * A table that a phone shows as cards. The roles are said again, because a browser takes them from
 * what is not laid out as a table.
 */
export function Table<Row>({ caption, columns, rows, rowKey, footer }: Props<Row>) {
  return (
    // Whoever has no mouse scrolls it by its focus.
    <div className={styles.scroll} role="region" aria-label={caption} tabIndex={0}>
      <table className={`${styles.table ?? ''} ${styles.cards ?? ''}`} role="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.name} role="columnheader" scope="col" className={side(column)}>
                {column.name || <span className="visually-hidden">Actions</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row">
              {columns.map((column, index) => (
                <Cell key={column.name} column={column} row={row} names={index === 0} />
              ))}
            </tr>
          ))}
        </tbody>
        {footer}
      </table>
    </div>
  );
}

interface CellProps<Row> {
  readonly column: Column<Row>;
  readonly row: Row;
  readonly names: boolean;
}

function Cell<Row>({ column, row, names }: CellProps<Row>) {
  if (names) {
    return (
      <th role="rowheader" scope="row" className={side(column)}>
        {column.cell(row)}
      </th>
    );
  }
  return (
    <td role="cell" className={side(column)} data-column={column.name}>
      <span>{column.cell(row)}</span>
    </td>
  );
}

function side<Row>(column: Column<Row>): string | undefined {
  if (column.isNumber) return styles.end;
  return column.isShort ? styles.whole : undefined;
}
