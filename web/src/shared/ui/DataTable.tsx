import type { ReactNode } from 'react'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { Button } from './Button'
import css from './DataTable.module.css'
import { EmptyState, ErrorState, Skeleton } from './Empty'

export interface DataColumn<T> {
  name: string
  label: string
  cell: (row: T) => ReactNode
  width?: number | string
  /** Read aloud, not shown. */
  hideLabel?: boolean
  /** On a phone it stands at the right. */
  end?: boolean
}

interface Props<T> {
  label: string
  columns: DataColumn<T>[]
  rows: T[] | undefined
  rowKey: (row: T) => string
  /** A press anywhere on the row; the first cell has the link or button for the keyboard. */
  onOpen?: ((row: T) => void) | undefined
  off?: (row: T) => boolean
  error?: unknown
  onRetry?: () => void
  empty: ReactNode
  emptyAction?: ReactNode
  more?: { busy: boolean; load: () => void } | null
  top?: boolean
}

/** Rows that are no records: people, accounts, roles, audit events. */
export function DataTable<T>({ label, columns, rows, rowKey, onOpen, off, error, onRetry, empty, emptyAction, more, top }: Props<T>) {
  const m = useM()
  if (error) return <ErrorState error={error} onRetry={onRetry} />
  if (!rows) return <Skeleton rows={8} />
  if (rows.length === 0) return <EmptyState action={emptyAction}>{empty}</EmptyState>
  return (
    <>
      <div className={css.wrap}>
        <table className={cx(css.table, top && css.top)} aria-label={label}>
          <thead>
            <tr>{columns.map((c) => <th key={c.name} scope="col" style={c.width ? { width: c.width } : undefined}>{c.hideLabel ? <span className="sr">{c.label}</span> : c.label}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr
                key={rowKey(row)}
                className={cx(css.row, onOpen && css.press, off?.(row) && css.off)}
                onClick={onOpen && ((e) => !(e.target as Element).closest('a, button, input, label, select, summary') && onOpen(row))}
              >
                {columns.map((c) => <td key={c.name} data-col={c.name} data-end={c.end ? '' : undefined}>{c.cell(row)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more && <div className={css.more}><Button busy={more.busy} onClick={more.load}>{m.app.showMore}</Button></div>}
    </>
  )
}

/** The name of a row as the button that opens it. */
export const RowName = ({ onOpen, children }: { onOpen: () => void; children: ReactNode }) => <button type="button" className={css.name} onClick={onOpen}>{children}</button>
