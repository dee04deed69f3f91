import { cx } from '../lib/cx'
import css from './PriorityMark.module.css'

export type PriorityMarkLevel = 'urgent' | 'high' | 'medium' | 'low'

/** Mark and word of a priority; `bare` in lists, then the word is its title for readers. */
export function PriorityMark({ mark, label, bare }: { mark: PriorityMarkLevel; label: string; bare?: boolean | undefined }) {
  const bars = { urgent: 0, high: 3, medium: 2, low: 1 }[mark]
  return (
    <span className={cx(css.mark, mark === 'urgent' && css.urgent)} title={bare ? label : undefined}>
      {mark === 'urgent' ? (
        <svg className={css.glyph} viewBox="0 0 14 14" aria-hidden>
          <rect width="14" height="14" rx="3" className={css.square} />
          <path d="M7 3.2v4.6M7 10.6v.1" className={css.bang} />
        </svg>
      ) : (
        <svg className={css.glyph} viewBox="0 0 14 14" aria-hidden>
          {[0, 1, 2].map((i) => (
            <rect key={i} x={1 + i * 4.4} y={9 - i * 3.5} width="3.2" height={4 + i * 3.5} rx="0.8" className={i < bars ? css.on : css.off} />
          ))}
        </svg>
      )}
      {bare ? <span className="sr">{label}</span> : <span>{label}</span>}
    </span>
  )
}
