import type { ReactNode } from 'react'
import { Problem } from '@/api/problem'
import { useAfter } from '../lib/clock'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { Button } from './Button'
import css from './Empty.module.css'

/** One sentence and one action, no drawing. */
export const EmptyState = ({ children, action }: { children: ReactNode; action?: ReactNode }) => (
  <div className={css.empty}>
    <p>{children}</p>
    {action}
  </div>
)

/** What happened, what to do, and that nothing is lost. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const m = useM()
  const problem = error instanceof Problem ? error : null
  const text = problem?.detail || (problem ? m.error.server : m.error.network)
  return (
    <div className={css.empty} role="alert">
      <p>{text}</p>
      <div className="row">
        {onRetry && <Button onClick={onRetry}>{m.error.retry}</Button>}
        {problem && <CopyDetails problem={problem} />}
      </div>
    </div>
  )
}

/** Puts code and request number on the clipboard, for people who help. */
export function CopyDetails({ problem }: { problem: Problem }) {
  const m = useM()
  return (
    <Button kind="quiet" onClick={() => void navigator.clipboard.writeText(problem.details())}>
      {m.error.copyDetails}
    </Button>
  )
}

/** Grey lines in the shape of what is coming, once it takes over 400 ms. */
export function Skeleton({ rows = 8, kind = 'rows' }: { rows?: number; kind?: 'rows' | 'work' | 'record' }) {
  const m = useM()
  const show = useAfter(400)
  const slow = useAfter(3000)
  return (
    <div className={css.skeleton} role="status" aria-label={m.app.loading}>
      {show && Array.from({ length: rows }, (_, i) => (
        <div key={i} className={cx(css.ghost, css[kind])}>
          <span style={{ width: `${14 + ((i * 7) % 9)}%` }} />
          <span style={{ width: `${34 + ((i * 13) % 27)}%` }} />
          <span style={{ width: '10%' }} />
        </div>
      ))}
      {slow && <p className={css.slow}>{m.app.loadingSlow}</p>}
    </div>
  )
}
