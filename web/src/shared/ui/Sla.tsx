import type { ReactNode } from 'react'
import { useNow } from '../lib/clock'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { by, clock, duration, moment, ms } from '../lib/time'
import css from './Sla.module.css'

/** One promise in time, as the server tells it. */
export interface Clock {
  name: string
  state: 'running' | 'paused' | 'met' | 'breached'
  due?: string | null | undefined
  started?: string | null | undefined
  /** Share used, 0 to 1 and above; without it none is drawn. */
  used?: number | null | undefined
  /** Agreed warning points, 0 to 1. */
  notches?: number[] | undefined
  /** Why it stands still. */
  pauseReason?: string | null | undefined
  usedMs?: number | null | undefined
  limitMs?: number | null | undefined
}

const MIN = 60_000

export type Tone = 'calm' | 'soon' | 'over' | 'paused' | 'met'

/** Slate while there is room, amber from 80 % or a quarter of an hour, red over the limit. */
export function tone(c: Clock, now: number): Tone {
  if (c.state === 'met') return 'met'
  if (c.state === 'paused') return 'paused'
  const left = c.due ? ms(c.due) - now : Infinity
  if (c.state === 'breached' || left < 0) return 'over'
  return left <= 15 * MIN || share(c, now) >= 0.8 ? 'soon' : 'calm'
}

function share(c: Clock, now: number): number {
  if (c.state === 'running' && c.due && c.started && c.used == null) {
    const whole = ms(c.due) - ms(c.started)
    return whole > 0 ? (now - ms(c.started)) / whole : 1
  }
  return c.used ?? 0
}

/** The sentence of a clock: 剩 14 分, 已超 21 分, 达标 · 用 3 小时 8 分, 暂停 · 等客户. */
export function useClockText(c: Clock): string {
  const m = useM()
  const now = useNow()
  if (c.state === 'met') return c.usedMs != null ? m.time.metUsed(duration(c.usedMs)) : m.time.met
  if (c.state === 'paused') return c.pauseReason ? m.time.paused(c.pauseReason) : m.time.pausedPlain
  return c.due ? clock(c.due, now) : ''
}

/** The bar under a clock. */
export function Bar({ c, thin }: { c: Clock; thin?: boolean }) {
  const now = useNow()
  const t = tone(c, now)
  if (t === 'met' || (c.used == null && !c.started)) return null
  // A clock that stands still without saying how much it used shows that it stands, not a guess.
  const width = t === 'over' || (t === 'paused' && c.used == null) ? 100 : Math.min(100, Math.max(2, share(c, now) * 100))
  return (
    <span className={cx(css.bar, thin && css.thin, css[t])} aria-hidden>
      <span className={css.used} style={{ width: `${width}%` }} />
      {(c.notches ?? []).map((n) => (
        <span key={n} className={css.notch} style={{ left: `${n * 100}%` }} />
      ))}
    </span>
  )
}

/** In a list cell: 剩 24 分 · 响应 with a bar below. */
export function SlaCell({ c }: { c: Clock }) {
  const now = useNow()
  const text = useClockText(c)
  const t = tone(c, now)
  return (
    <span className={css.cell}>
      <span className={cx(css.text, css[t], 'num clip')} title={c.due ? by(c.due, now) : undefined}>
        {t === 'met' || t === 'paused' ? text : `${text} · ${c.name}`}
      </span>
      <Bar c={c} thin />
    </span>
  )
}

/** On "my work": the clock large, the bar, and until when. `note` replaces the last line. */
export function SlaBlock({ c, note }: { c: Clock; note?: ReactNode }) {
  const now = useNow()
  const m = useM()
  const text = useClockText(c)
  const t = tone(c, now)
  const headline = t === 'paused' ? m.time.pausedPlain : text
  const far = c.due && t !== 'paused' && ms(c.due) - now > 24 * 60 * MIN
  return (
    <span className={css.block}>
      <span className={cx(css.big, css[t], 'num')}>{headline}</span>
      <Bar c={c} />
      <span className={cx(css.meta, 'num')}>
        {note ?? (t === 'paused' ? [c.name, c.pauseReason].filter(Boolean).join(' · ') : [c.name, c.due && !far ? by(c.due, now) : null].filter(Boolean).join(' · '))}
      </span>
    </span>
  )
}

/** On a record: name, sentence, until when, bar. With `onWhy` a press opens the reason. */
export function SlaBar({ c, onWhy }: { c: Clock; onWhy?: (() => void) | undefined }) {
  const now = useNow()
  const m = useM()
  const text = useClockText(c)
  const t = tone(c, now)
  const far = c.due && ms(c.due) - now > 24 * 60 * MIN
  const aside = t === 'met' ? (c.limitMs ? m.time.limit(duration(c.limitMs)) : '') : c.due && !far ? by(c.due, now) : c.due ? moment(c.due, now) : ''
  const body = (
    <>
      <span className={css.name}>{c.name}</span>
      <span className={css.body}>
        <span className={css.line}>
          <span className={cx(css.sentence, css[t], 'num')}>{text}</span>
          <span className={cx(css.meta, 'num')}>{far && t !== 'met' ? '' : aside}</span>
        </span>
        <Bar c={c} />
      </span>
    </>
  )
  return onWhy ? (
    <button type="button" className={cx(css.sla, css.press)} onClick={onWhy}>{body}</button>
  ) : (
    <div className={css.sla}>{body}</div>
  )
}

/** On a phone: three clocks side by side. */
export function SlaTile({ c }: { c: Clock }) {
  const now = useNow()
  const text = useClockText(c)
  const t = tone(c, now)
  return (
    <div className={css.tile}>
      <span className={cx(css.meta, 'num clip')}>{[c.name, c.due ? by(c.due, now) : null].filter(Boolean).join(' ')}</span>
      <span className={cx(css.tileText, css[t], 'num')}>{text}</span>
      <Bar c={c} />
    </div>
  )
}
