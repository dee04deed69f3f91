import type { EntryKind, Explained, LedgerEntry } from '@/api/sla'

const DAY = 86_400_000
const MIN = 60_000

/** The wall clock that an instant with an offset is written in, as milliseconds. */
export function wall(instant: string): number {
  const p = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(?:\.(\d+))?/.exec(instant)
  if (!p) return Date.parse(instant)
  const n = (i: number) => Number(p[i])
  return Date.UTC(n(1), n(2) - 1, n(3), n(4), n(5), n(6), Math.round(Number(`0.${p[7] ?? 0}`) * 1000))
}
export const dateOf = (t: number) => new Date(t).toISOString().slice(0, 10)
/** "09:00"; the end of a day is 24:00. */
export const clockOf = (t: number, end = false) => (end && t % DAY === 0 ? '24:00' : new Date(t).toISOString().slice(11, 16))

export interface Part {
  from: number
  to: number
  kind: EntryKind
  name: string
  /** Still to come: the forecast. */
  ahead: boolean
}
export interface DayRow {
  row: 'day'
  date: string
  parts: Part[]
  /** Whole minutes that counted, and that will. */
  minutes: number
  ahead: number
  /** Running sum of all counted minutes until the end of the day. */
  sum: number
  makeUp: string
}
export interface FoldRow {
  row: 'fold'
  from: string
  to: string
  /** Of the holiday; empty for nights and weekends. */
  holiday: string
  /** The record waited the whole time. */
  waited: boolean
}
export interface PauseRow {
  row: 'pause'
  n: number
  from: number
  to: number
  reason: string
  stopped: boolean
}
export type Row = DayRow | FoldRow | PauseRow

interface Stretch extends Part {
  seconds: number
}
const stretch = (ahead: boolean) => (e: LedgerEntry): Stretch => ({ from: wall(e.from), to: wall(e.to), kind: e.kind, name: e.name ?? '', seconds: e.seconds, ahead })

/** Whether time counts in it. */
export const counts = (kind: EntryKind) => kind === 'open' || kind === 'make_up'

/** Whole minutes; the seconds of a stretch are rounded down, so the last one may lack a little. */
export const whole = (seconds: number) => Math.floor((seconds + 2) / 60)

/** The account of a clock day by day. What lies in days without working time is folded; minutes are rounded so that the
 * lines always add up to the sum. */
export function rowsOf(x: Pick<Explained, 'ledger' | 'forecast'>): Row[] {
  const all = [...x.ledger.map(stretch(false)), ...x.forecast.map(stretch(true))].filter((e) => e.to > e.from)
  const first = all[0], last = all.at(-1)
  if (!first || !last) return []
  const rows: Row[] = []
  let seconds = 0, shown = 0, pauses = 0
  for (let day = Math.floor(first.from / DAY) * DAY; day < last.to; day += DAY) {
    const parts = all.filter((e) => e.from < day + DAY && e.to > day).map((e) => ({ ...e, from: Math.max(e.from, day), to: Math.min(e.to, day + DAY), whole: e }))
    const date = dateOf(day)
    const [only] = parts
    const waited = parts.length === 1 && !!only && (only.kind === 'paused' || only.kind === 'stopped') && only.whole.from < day && only.to === day + DAY
    if (waited || parts.every((p) => p.kind === 'closed' || p.kind === 'holiday')) {
      const holiday = parts.find((p) => p.kind === 'holiday')?.name ?? (parts.some((p) => p.kind === 'holiday') ? '·' : '')
      const before = rows.at(-1)
      if (before?.row === 'fold' && before.holiday === holiday && before.waited === waited) before.to = date
      else rows.push({ row: 'fold', from: date, to: date, holiday, waited })
      continue
    }
    const tally = (ahead: boolean) => {
      for (const p of parts) if (counts(p.kind) && p.ahead === ahead) seconds += (p.whole.seconds * (p.to - p.from)) / (p.whole.to - p.whole.from)
      const minutes = whole(seconds) - shown
      shown += minutes
      return minutes
    }
    const minutes = tally(false), ahead = tally(true)
    rows.push({ row: 'day', date, parts: parts.map(({ from, to, kind, name, ahead }) => ({ from: from - day, to: to - day, kind, name, ahead })), minutes, ahead, sum: shown, makeUp: parts.find((p) => p.kind === 'make_up')?.name ?? '' })
    for (const p of parts) {
      if ((p.kind === 'paused' || p.kind === 'stopped') && p.whole.from >= day) rows.push({ row: 'pause', n: p.kind === 'paused' ? ++pauses : 0, from: p.whole.from, to: p.whole.to, reason: p.name, stopped: p.kind === 'stopped' })
    }
  }
  return rows
}

/** From which hour to which the bars of the days reach. */
export function axisOf(rows: Row[]): [number, number] {
  const open = rows.flatMap((r) => (r.row === 'day' ? r.parts.filter((p) => counts(p.kind)) : []))
  if (open.length === 0) return [0, 24]
  const from = Math.floor(Math.min(...open.map((p) => p.from)) / (60 * MIN)), to = Math.ceil(Math.max(...open.map((p) => p.to)) / (60 * MIN))
  // A clock that ran for minutes only still shows a day's hours around them.
  const low = Math.max(0, Math.min(from, 9)), high = Math.min(24, Math.max(to, 18))
  return high - low > 14 ? [0, 24] : [low, high]
}

/** "5:40" of minutes. */
export const hm = (minutes: number) => `${minutes < 0 ? '−' : ''}${Math.floor(Math.abs(minutes) / 60)}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`
