import type { Scheme } from '@/api/types'
import { cx } from '../lib/cx'
import css from './MatrixMini.module.css'

/** Why a priority: impact at the left, urgency on top, the chosen cell dark. */
export function MatrixMini({ scheme, impact, urgency, labels }: { scheme: Scheme; impact: string | null; urgency: string | null; labels: Record<string, string> }) {
  return (
    <table className={css.matrix} aria-label={scheme.label}>
      <thead>
        <tr>
          <td />
          {scheme.urgencies.map((u) => <th key={u.value} scope="col" className={cx(u.value === urgency && css.on)}>{u.label}</th>)}
        </tr>
      </thead>
      <tbody>
        {scheme.impacts.map((i) => (
          <tr key={i.value}>
            <th scope="row" className={cx(i.value === impact && css.on)}>{i.label}</th>
            {scheme.urgencies.map((u) => {
              const p = scheme.matrix[i.value]?.[u.value]
              const chosen = i.value === impact && u.value === urgency
              return <td key={u.value} className={cx(css.cell, chosen && css.chosen)} aria-current={chosen || undefined}>{p ? (labels[p] ?? p) : ''}</td>
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
