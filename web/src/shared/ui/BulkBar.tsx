import { Fragment, type ReactNode } from 'react'
import { useM } from '../lib/i18n'
import css from './BulkBar.module.css'
import { Kbd } from './Kbd'

export interface BulkAction {
  id: string
  label: string
  key?: string | undefined
  run: () => void
}

/** Floats over a list while rows are chosen; dark in both themes. */
export function BulkBar({ count, actions, onCancel, children }: { count: number; actions: BulkAction[]; onCancel: () => void; children?: ReactNode }) {
  const m = useM()
  if (count === 0) return null
  const [before, after] = m.list.chosen
  return (
    <div className={css.bar} role="toolbar" aria-label={m.list.bulk} data-solid="">
      <span className={css.count}>{before}<b className="num">{count}</b>{after}</span>
      {actions.map((a) => (
        <Fragment key={a.id}>
          <button type="button" className={css.action} onClick={a.run}>
            {a.label}
            {a.key && <Kbd k={a.key} />}
          </button>
        </Fragment>
      ))}
      {children}
      <button type="button" className={css.cancel} onClick={onCancel}>
        {m.app.cancel}
        <Kbd k="escape" />
      </button>
    </div>
  )
}
