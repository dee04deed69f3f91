import { Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import css from './Timeline.module.css'
import { Avatar } from './Person'

/** `out` to the customer, `in` from the customer, `internal` never seen by them, `line` a transition or the system, `card` evidence or approval. */
export type TimelineKind = 'out' | 'in' | 'internal' | 'line' | 'card'

interface Props {
  kind: TimelineKind
  /** Shown at the left: only the time on the current day. */
  time: string
  /** The full instant, read and shown on hover. */
  exact: string
  author?: string | undefined
  /** What the author did or is: 回复, 门户. */
  role?: ReactNode
  icon?: ReactNode
  /** At the right of the head: 响应 6 分，达标. */
  aside?: ReactNode
  fresh?: boolean | undefined
  children: ReactNode
}

export const Timeline = ({ children, label }: { children: ReactNode; label: string }) => (
  <ol className={css.timeline} aria-label={label}>{children}</ol>
)

/** One entry. Public, internal and system can never be mistaken: tint, dashes, lock and words differ. */
export function TimelineItem({ kind, time, exact, author, role, icon, aside, fresh, children }: Props) {
  const m = useM()
  const boxed = kind !== 'line'
  return (
    <li className={cx(css.item, boxed && css.boxed, fresh && css.fresh)}>
      <time className={cx(css.time, 'num')} title={exact}>{time}</time>
      <span className={css.mark}>{boxed && author ? <Avatar name={author} size={22} /> : icon}</span>
      {boxed ? (
        <article className={cx(css.card, css[kind])}>
          <header className={css.head}>
            {kind === 'internal' && <Lock size={13} strokeWidth={1.75} aria-hidden />}
            <b>{author}</b>
            {role && <span className={css.role}>{role}</span>}
            {kind === 'out' && <span className={css.visible}>{m.timeline.customerSees}</span>}
            {kind === 'internal' && <span className={css.role}>{m.timeline.internalNote}</span>}
            {aside && <span className={css.aside}>{aside}</span>}
          </header>
          <div className={css.body}>{children}</div>
        </article>
      ) : (
        <div className={css.line}>{children}</div>
      )}
    </li>
  )
}
