import { Check, Hourglass, Pause, TriangleAlert, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useNow } from '../lib/clock'
import { cx } from '../lib/cx'
import { messages, useM } from '../lib/i18n'
import { by, hours, ms, over } from '../lib/time'
import css from './Sla.module.css'

/** One promise in time, as the server tells it. Lengths are working time. */
export interface Clock {
  name: string
  state: 'running' | 'paused' | 'met' | 'breached'
  due?: string | null | undefined
  started?: string | null | undefined
  /** When it ended: kept, or done too late. It counts no more. */
  stopped?: string | null | undefined
  usedMs?: number | null | undefined
  limitMs?: number | null | undefined
  /** What was left when it was read, negative when over; without it the due instant decides. */
  leftMs?: number | null | undefined
  /** When it was read. */
  seen?: number | undefined
  /** Agreed warning points, 0 to 1. */
  notches?: number[] | undefined
  /** Why it stands still. */
  pauseReason?: string | null | undefined
  /** No promise to the customer, but one it rests on. */
  inner?: 'ola' | 'uc' | null | undefined
}

const MIN = 60_000

export type Tone = 'calm' | 'soon' | 'over' | 'paused' | 'met' | 'late'

/** What is left now, negative when over. Between two readings the wall clock goes on, but past zero only when the due
 * instant has come: nights and holidays may lie before it. */
export function leftOf(c: Clock, now: number): number {
  if (c.leftMs == null) return c.due ? ms(c.due) - now : Infinity
  if (c.stopped) return c.state === 'breached' && c.leftMs >= 0 && c.due ? ms(c.due) - ms(c.stopped) : c.leftMs
  if (c.state === 'paused' || !c.due) return c.leftMs
  const seen = c.seen ?? now
  const passed = Math.max(0, now - seen)
  const ahead = ms(c.due) - seen - passed
  if (ahead + passed <= 0) return c.leftMs - passed // it was over when the server counted
  return ahead > 0 ? Math.min(Math.max(c.leftMs - passed, 0), ahead) : ahead
}

/** Slate while there is room, amber from 80 % or a quarter of an hour, red over the limit; what is done is met or late. */
export function tone(c: Clock, now: number): Tone {
  if (c.state === 'met') return 'met'
  if (c.stopped) return 'late'
  if (c.state === 'paused') return 'paused'
  const left = leftOf(c, now)
  if (left < 0 || (c.leftMs != null && c.state === 'breached')) return 'over'
  return left <= 15 * MIN || share(c, now) >= 0.8 ? 'soon' : 'calm'
}

/** The share that is used, 0 to 1. */
function share(c: Clock, now: number): number {
  if (c.limitMs && c.leftMs != null) return Math.min(1, Math.max(0, 1 - leftOf(c, now) / c.limitMs))
  if (c.due && c.started) {
    const whole = ms(c.due) - ms(c.started)
    return whole > 0 ? Math.min(1, Math.max(0, (now - ms(c.started)) / whole)) : 1
  }
  return 0
}

/** The sentence of a clock: 剩 14 分, 已超 21 分, 达标 · 用 3 小时 8 分, 暂停中 · 还剩 3 小时, 超 21 分完成. */
export function clockText(c: Clock, now: number): string {
  const m = messages().time
  const t = tone(c, now)
  const left = leftOf(c, now)
  const outside = Math.abs(left) < 1000 // no service hour lies between now and the instant, which stands beside it
  switch (t) {
    case 'met': return c.usedMs != null ? m.metUsed(hours(c.usedMs)) : m.met
    case 'late': return m.late(hours(left))
    case 'paused': return c.leftMs == null ? m.pausedPlain : c.leftMs < 0 ? m.pausedOver(hours(c.leftMs)) : m.pausedLeft(hours(c.leftMs))
    case 'over': return outside ? m.reached : over(left)
  }
  return left === Infinity ? '' : outside ? m.noneLeft : m.left(hours(left))
}

export function useClockText(c: Clock): string {
  useM()
  return clockText(c, useNow())
}

const icon = { size: 13, strokeWidth: 2, 'aria-hidden': true } as const

/** The sign of a tone, so that colour never says it alone. */
export function ToneMark({ t }: { t: Tone }) {
  switch (t) {
    case 'soon': return <Hourglass {...icon} className={css.mark} />
    case 'over': return <TriangleAlert {...icon} className={css.mark} />
    case 'paused': return <Pause {...icon} className={css.mark} />
    case 'met': return <Check {...icon} className={css.mark} />
    case 'late': return <X {...icon} className={css.mark} />
  }
  return null
}

/** The bar under a clock: how much of the target is used. */
export function Bar({ c, thin }: { c: Clock; thin?: boolean }) {
  const now = useNow()
  const t = tone(c, now)
  if (t === 'met' || (!c.limitMs && !c.started)) return null
  const width = t === 'over' || t === 'late' ? 100 : Math.min(100, Math.max(2, share(c, now) * 100))
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
  const aside = t === 'paused' ? c.pauseReason : t === 'met' || t === 'late' ? null : c.name
  return (
    <span className={css.cell}>
      <span className={cx(css.text, css[t], 'num')} title={[c.name, c.due ? by(c.due, now) : c.pauseReason].filter(Boolean).join(' · ')}>
        <ToneMark t={t} />
        <span className="clip">{[text, aside].filter(Boolean).join(' · ')}</span>
      </span>
      <Bar c={c} thin />
    </span>
  )
}

/** On "my work": the clock large, the bar, and until when. `note` replaces the last line. */
export function SlaBlock({ c, note }: { c: Clock; note?: ReactNode }) {
  const now = useNow()
  const text = useClockText(c)
  const t = tone(c, now)
  return (
    <span className={css.block}>
      <span className={cx(css.big, css[t], 'num')}><ToneMark t={t} /> {text}</span>
      <Bar c={c} />
      <span className={cx(css.meta, 'num')}>
        {note ?? [c.name, t === 'paused' ? c.pauseReason : c.due && t !== 'met' && t !== 'late' ? by(c.due, now) : null].filter(Boolean).join(' · ')}
      </span>
    </span>
  )
}

/** On a record: name, sentence, until when, bar, used of target. With `onWhy` a press opens the reason. */
export function SlaBar({ c, onWhy }: { c: Clock; onWhy?: (() => void) | undefined }) {
  const now = useNow()
  const m = useM()
  const text = useClockText(c)
  const t = tone(c, now)
  const done = t === 'met' || t === 'late'
  const used = c.limitMs == null ? null : done ? c.usedMs : t === 'paused' ? c.usedMs : c.limitMs - leftOf(c, now)
  const aside = done ? (c.limitMs ? m.time.limit(hours(c.limitMs)) : '') : t === 'paused' ? c.pauseReason : c.due ? by(c.due, now) : ''
  const body = (
    <>
      <span className={css.name}>{c.name}{c.inner && <span className={css.inner}>{m.promise.inner[c.inner]}</span>}</span>
      <span className={css.body}>
        <span className={css.line}>
          <span className={cx(css.sentence, css[t], 'num')}><ToneMark t={t} /> {text}</span>
          <span className={cx(css.meta, 'num')}>{aside}</span>
        </span>
        <Bar c={c} />
        {!done && used != null && c.limitMs != null && <span className={cx(css.meta, 'num')}>{m.promise.usedOf(hours(Math.max(0, used)), hours(c.limitMs))}</span>}
      </span>
    </>
  )
  return onWhy ? (
    <button type="button" className={cx(css.sla, css.press)} aria-label={`${c.name} ${text} ${aside ?? ''} · ${m.promise.why}`} title={m.promise.why} onClick={onWhy}>{body}</button>
  ) : (
    <div className={css.sla}>{body}</div>
  )
}

/** On a phone: three clocks side by side. */
export function SlaTile({ c, onWhy }: { c: Clock; onWhy?: (() => void) | undefined }) {
  const now = useNow()
  const m = useM()
  const text = useClockText(c)
  const t = tone(c, now)
  const body = (
    <>
      <span className={cx(css.meta, 'num clip')}>{[c.name, t === 'paused' ? c.pauseReason : c.due ? by(c.due, now) : null].filter(Boolean).join(' ')}</span>
      <span className={cx(css.tileText, css[t], 'num')}><ToneMark t={t} /> {text}</span>
      <Bar c={c} />
    </>
  )
  return onWhy ? <button type="button" className={css.tile} title={m.promise.why} onClick={onWhy}>{body}</button> : <div className={css.tile}>{body}</div>
}
