import type { StripStep } from '@/api/types'
import { useNow } from '../lib/clock'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { hm, moment, sameDay } from '../lib/time'
import css from './Strip.module.css'

/** The workflow as a line: who did each step; `now` is who has to act. */
export function Strip({ steps, now: acting }: { steps: StripStep[]; now?: string | undefined }) {
  const m = useM()
  const now = useNow()
  if (steps.length === 0) return null
  return (
    <ol className={css.strip} aria-label={m.record.strip}>
      {steps.map((s) => (
        <li key={s.code} className={cx(css.step, css[s.phase])} aria-current={s.phase === 'current' ? 'step' : undefined}>
          <span className={css.name}>{s.label}</span>
          <span className={cx(css.who, 'num')}>
            {[s.phase === 'current' ? acting || s.by : s.by, s.phase === 'done' && s.at ? (sameDay(s.at, now) ? hm(s.at) : moment(s.at, now)) : s.phase === 'current' ? m.record.current : null].filter(Boolean).join(s.phase === 'current' ? ' · ' : ' ')}
          </span>
        </li>
      ))}
    </ol>
  )
}

/** Which step of how many, for narrow screens. */
export function stepOf(steps: StripStep[] | undefined): { at: number; of: number } | null {
  if (!steps?.length) return null
  const at = steps.findIndex((s) => s.phase === 'current')
  return { at: at < 0 ? steps.filter((s) => s.phase === 'done').length : at + 1, of: steps.length }
}
