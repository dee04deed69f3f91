import { useState } from 'react'
import type { Explained } from '@/api/sla'
import type { Messages } from '@/locales/types'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { ViewTabs } from '../ui/Tabs'
import { axisOf, clockOf, counts, dateOf, hm, rowsOf, wall, whole, type DayRow, type FoldRow, type Part, type PauseRow, type Row } from './account'
import css from './why.module.css'

const HOUR = 3_600_000
const day = (date: string) => {
  const [, mo, d] = date.split('-').map(Number)
  return { mo: mo ?? 0, d: d ?? 0, wd: (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7 }
}
const dayName = (date: string, m: Messages) => m.promise.dayOf(day(date).mo, day(date).d)
const rangeName = (from: string, to: string, m: Messages) => (from === to ? dayName(from, m) : m.promise.daysOf(day(from).mo, day(from).d, day(to).mo, day(to).d))
const wait = (reason: string, m: Messages) => m.promise.paused[reason] ?? (reason || m.promise.pausedOther)
const spanName = (r: PauseRow, m: Messages) =>
  dateOf(r.from) === dateOf(r.to) ? `${clockOf(r.from)}–${clockOf(r.to)}` : `${dayName(dateOf(r.from), m)} ${clockOf(r.from)} – ${dayName(dateOf(r.to), m)} ${clockOf(r.to)}`

const foldWords = (r: FoldRow, m: Messages) => (r.waited ? m.promise.stillPaused : r.holiday ? m.promise.holiday(r.holiday === '·' ? '' : r.holiday) : m.promise.rest)

/** What the lines add up to. Whole minutes, so that used and left make the target. */
function sums(x: Explained, rows: Row[]) {
  const days = rows.filter((r) => r.row === 'day')
  const used = days.reduce((n, r) => n + r.minutes, 0)
  const target = Math.round(x.target_seconds / 60)
  const all = x.bound_by === 'target' ? target : used + Math.round(x.remaining / 60)
  return { used, left: all - used, all, pauses: rows.filter((r) => r.row === 'pause' && !r.stopped).length, stood: Math.round(x.paused_seconds / 60) }
}

/** The account of a clock, by day with bars or part by part; both are tables and add up to the target. */
export function Ledger({ x }: { x: Explained }) {
  const m = useM()
  const [view, setView] = useState('day')
  const rows = rowsOf(x)
  const s = sums(x, rows)
  const [low, high] = axisOf(rows)
  const until = x.ended_at ?? x.ledger.at(-1)?.to
  return (
    <section className={css.part} aria-labelledby="why-ledger">
      <div className={css.partHead}>
        <h3 id="why-ledger">{m.promise.ledger}</h3>
        <ViewTabs small label={m.promise.ledger} value={view} onChange={setView} items={[{ id: 'day', label: m.promise.byDay }, { id: 'part', label: m.promise.byPart }]} />
      </div>
      <div className={css.scroll}>
        <table className={css.ledger} aria-label={m.promise.ledger}>
          <thead>
            <tr>
              <th scope="col">{m.promise.day}</th>
              <th scope="col"><span className="sr">{m.promise.what}</span>{view === 'day' && <Axis low={low} high={high} />}</th>
              <th scope="col" className={css.n}>{m.promise.counted}</th>
              <th scope="col" className={css.n}>{m.promise.sum}</th>
            </tr>
          </thead>
          <tbody>{view === 'day' ? rows.map((r, i) => <Line key={i} r={r} low={low} high={high} sum={sumAt(rows, i)} />) : <PartLines x={x} />}</tbody>
          <tfoot>
            <tr><th scope="row" colSpan={2}>{until ? m.promise.usedUntil(`${dayName(dateOf(wall(until)), m)} ${clockOf(wall(until))}`) : m.promise.counted}</th><td className={css.n} /><td className={css.n}>{hm(s.used)}</td></tr>
            <tr><th scope="row" colSpan={2}>{s.left < 0 ? m.promise.overBy : x.forecast.length > 0 ? m.promise.toCome : m.promise.left}</th><td className={css.n} /><td className={css.n}>{hm(Math.abs(s.left))}</td></tr>
            <tr className={css.total}><th scope="row" colSpan={2}>{x.bound_by === 'target' ? m.promise.target : m.promise.allowance}</th><td className={css.n} /><td className={css.n}>{hm(s.all)}</td></tr>
            {s.stood > 0 && <tr className={css.stood}><th scope="row" colSpan={2}>{m.promise.pausedSum(Math.max(1, s.pauses))}</th><td className={css.n} /><td className={css.n}>{hm(s.stood)}</td></tr>}
          </tfoot>
        </table>
      </div>
      {view === 'day' && <Legend paused={s.pauses > 0} ahead={x.forecast.length > 0} />}
    </section>
  )
}

const sumAt = (rows: Row[], i: number) => rows.slice(0, i + 1).reduce((n, r) => (r.row === 'day' ? r.sum : n), 0)

function Axis({ low, high }: { low: number; high: number }) {
  const step = high - low > 14 ? 6 : high - low > 8 ? 3 : 2
  const marks = Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step)
  return <span className={css.axis} aria-hidden>{marks.map((h) => <span key={h} style={{ left: `${((h - low) * 100) / (high - low)}%`, transform: h === low ? 'none' : h === high ? 'translateX(-100%)' : 'translateX(-50%)' }}>{String(h).padStart(2, '0')}:00</span>)}</span>
}

function Line({ r, low, high, sum }: { r: Row; low: number; high: number; sum: number }) {
  const m = useM()
  if (r.row === 'fold')
    return (
      <tr className={css.fold}>
        <th scope="row">{rangeName(r.from, r.to, m)}{r.from === r.to && <span className={css.wd}>{m.promise.weekday[day(r.from).wd]}</span>}</th>
        <td>{foldWords(r, m)}</td>
        <td className={css.n}>0:00</td><td className={css.n}>{hm(sum)}</td>
      </tr>
    )
  if (r.row === 'pause')
    return (
      <tr className={cx(css.pause, css[r.reason])}>
        <th scope="row">{r.stopped ? '' : m.promise.pause(r.n)}</th>
        <td className="num">{spanName(r, m)} {r.stopped ? m.promise.stopped : wait(r.reason, m)}</td>
        <td className={css.n} colSpan={2}>{m.promise.notCounted}</td>
      </tr>
    )
  return (
    <tr>
      <th scope="row">{dayName(r.date, m)}<span className={css.wd}>{m.promise.weekday[day(r.date).wd]}</span>{r.makeUp && <span className={css.makeUp}>{m.promise.makeUpMark}</span>}</th>
      <td>
        <DayBar r={r} low={low} high={high} />
        <span className="sr">{r.parts.filter((p) => p.kind !== 'closed').map((p) => partWords(p, m)).join(m.app.listSep)}</span>
        {r.makeUp && <span className={css.small}>{m.promise.makeUp(r.makeUp)}</span>}
      </td>
      <td className={css.n}>{r.minutes > 0 || r.ahead === 0 ? hm(r.minutes) : ''}{r.ahead > 0 && <span className={css.aheadN}>+{hm(r.ahead)}</span>}</td>
      <td className={css.n}>{hm(r.sum)}</td>
    </tr>
  )
}

const partWords = (p: Part, m: Messages) => `${clockOf(p.from)}–${clockOf(p.to, true)} ${counts(p.kind) && p.ahead ? m.promise.kindsAhead : p.kind === 'paused' ? wait(p.name, m) : m.promise.kinds[p.kind]}`

function DayBar({ r, low, high }: { r: DayRow; low: number; high: number }) {
  const m = useM()
  const at = (t: number) => Math.min(100, Math.max(0, ((t / HOUR - low) * 100) / (high - low)))
  return (
    <span className={css.bar} aria-hidden>
      {r.parts.filter((p) => p.kind !== 'closed' && p.kind !== 'holiday').map((p, i) => (
        <span key={i} title={partWords(p, m)} className={cx(css.seg, p.ahead ? css.segAhead : counts(p.kind) ? css.segOpen : p.kind === 'paused' ? cx(css.segPaused, css[p.name]) : css.segPaused)} style={{ left: `${at(p.from)}%`, width: `${Math.max(0.6, at(p.to) - at(p.from))}%` }} />
      ))}
    </span>
  )
}

/** Every stretch of the account as it is kept. */
function PartLines({ x }: { x: Explained }) {
  const m = useM()
  let seconds = 0, shown = 0
  const all = [...x.ledger.map((e) => ({ ...e, ahead: false })), ...x.forecast.map((e) => ({ ...e, ahead: true }))].map((e) => {
    seconds += e.seconds
    const minutes = whole(seconds) - shown
    shown += minutes
    return { ...e, minutes, sum: shown }
  })
  const name = (t: string) => `${dayName(dateOf(wall(t)), m)} ${clockOf(wall(t))}`
  return all.map((e, i) => (
    <tr key={i} className={counts(e.kind) ? undefined : css.fold}>
      <th scope="row" className="num">{name(e.from)}</th>
      <td className="num">– {name(e.to)} {counts(e.kind) && e.ahead ? m.promise.kindsAhead : e.kind === 'paused' ? `${wait(e.name ?? '', m)}${m.app.listSep}${m.promise.notCounted}` : e.kind === 'holiday' ? m.promise.holiday(e.name ?? '') : e.kind === 'make_up' ? m.promise.makeUp(e.name ?? '') : m.promise.kinds[e.kind]}</td>
      <td className={css.n}>{hm(e.minutes)}</td><td className={css.n}>{hm(e.sum)}</td>
    </tr>
  ))
}

function Legend({ paused, ahead }: { paused: boolean; ahead: boolean }) {
  const m = useM()
  return (
    <div className={css.legend} aria-hidden>
      <span><i className={cx(css.key, css.segOpen)} />{m.promise.legend.counted}</span>
      {paused && <span><i className={cx(css.key, css.segPaused, css.customer)} />{m.promise.legend.paused}</span>}
      {ahead && <span><i className={cx(css.key, css.segAhead)} />{m.promise.legend.ahead}</span>}
      <span><i className={css.key} />{m.promise.legend.closed}</span>
    </div>
  )
}

/** The same as text, to be pasted elsewhere. */
export function plainLedger(x: Explained, says: string, m: Messages): string {
  const rows = rowsOf(x)
  const s = sums(x, rows)
  const lines = rows.map((r, i) =>
    r.row === 'fold' ? `${rangeName(r.from, r.to, m)}\t${foldWords(r, m)}\t0:00\t${hm(sumAt(rows, i))}`
    : r.row === 'pause' ? `\t${spanName(r, m)} ${r.stopped ? m.promise.stopped : wait(r.reason, m)}\t${m.promise.notCounted}\t`
    : `${dayName(r.date, m)} ${m.promise.weekday[day(r.date).wd]}\t${r.parts.filter((p) => counts(p.kind)).map((p) => partWords(p, m)).join(m.app.listSep)}\t${hm(r.minutes + r.ahead)}\t${hm(r.sum)}`)
  return [says, '', [m.promise.day, m.promise.what, m.promise.counted, m.promise.sum].join('\t'), ...lines, `${m.promise.target}\t\t\t${hm(s.all)}`].join('\n')
}
