import { messages } from './i18n'

const MIN = 60_000
const HOUR = 60 * MIN
const DAY = 24 * HOUR

interface Parts {
  y: number
  mo: number
  d: number
  wd: number
  hm: string
  s: string
}

const formatIn = (zone?: string) =>
  new Intl.DateTimeFormat('en-GB', {
    year: 'numeric', month: 'numeric', day: 'numeric',
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
    ...(zone ? { timeZone: zone } : {}),
  })
let format = formatIn()

/** Times are said in the reader's zone; without one, in this machine's. */
export function setZone(zone: string | undefined) {
  try {
    format = formatIn(zone)
  } catch {
    format = formatIn()
  }
}

function parts(t: number): Parts {
  const p: Record<string, string> = {}
  for (const x of format.formatToParts(t)) p[x.type] = x.value
  const y = Number(p.year), mo = Number(p.month), d = Number(p.day)
  return { y, mo, d, wd: new Date(Date.UTC(y, mo - 1, d)).getUTCDay(), hm: `${p.hour}:${p.minute}`, s: p.second ?? '00' }
}

const dayNumber = (p: Parts) => Math.floor(Date.UTC(p.y, p.mo - 1, p.d) / DAY)

/** Milliseconds of an RFC 3339 text or an epoch. */
export const ms = (t: string | number) => (typeof t === 'number' ? t : Date.parse(t))

/** "14 分", "2 小时 14 分", "1 天 3 小时". */
export function duration(length: number): string {
  const m = messages().time
  const total = Math.abs(length)
  if (total < MIN) return m.underMinute
  const days = Math.floor(total / DAY)
  const hours = Math.floor((total % DAY) / HOUR)
  const minutes = Math.floor((total % HOUR) / MIN)
  if (days > 0) return hours > 0 ? `${m.days(days)} ${m.hours(hours)}` : m.days(days)
  if (hours > 0) return minutes > 0 ? `${m.hours(hours)} ${m.minutes(minutes)}` : m.hours(hours)
  return m.minutes(minutes)
}

/** "2 小时 10 分", "38 小时": working time, which has no days. */
export function hours(length: number): string {
  const m = messages().time
  const total = Math.abs(length)
  if (total < MIN) return total < 1000 ? m.minutes(0) : m.underMinute
  const h = Math.floor(total / HOUR)
  const minutes = Math.floor((total % HOUR) / MIN)
  return h === 0 ? m.minutes(minutes) : minutes > 0 ? `${m.hours(h)} ${m.minutes(minutes)}` : m.hours(h)
}

/** "已超 21 分". */
export const over = (left: number) => messages().time.over(hours(left))

/** "16:30", "今天 16:30", "周一 10:40", "10 月 19 日 09:00": an instant as people name it. */
export function moment(t: string | number, now: number, short = false): string {
  const m = messages().time
  const at = parts(ms(t)), today = parts(now)
  const days = dayNumber(at) - dayNumber(today)
  if (days === 0) return short ? at.hm : m.today(at.hm)
  if (days === -1) return m.yesterday(at.hm)
  if (days === 1) return m.tomorrow(at.hm)
  if (days > 1 && days < 7) return m.weekday(at.wd, at.hm)
  return at.y === today.y ? m.date(at.mo, at.d, at.hm) : m.dateYear(at.y, at.mo, at.d, at.hm)
}

/** "今天 16:30 前". Within the hour only the time is said. */
export const by = (t: string | number, now: number) =>
  messages().time.by(moment(t, now, Math.abs(ms(t) - now) < HOUR))

/** The clock as a headline: "剩 14 分", "已超 21 分", and over a day away the day itself. */
export function clock(due: string | number, now: number): string {
  const left = ms(due) - now
  const m = messages().time
  if (left < 0) return m.over(duration(left))
  if (left > DAY) return by(due, now)
  return m.left(duration(left))
}

/** "2026-10-10 14:16:05", for logs and copied text. */
export function exact(t: string | number): string {
  const p = parts(ms(t))
  const two = (n: number) => String(n).padStart(2, '0')
  return `${p.y}-${two(p.mo)}-${two(p.d)} ${p.hm}:${p.s}`
}

/** "14:16". */
export const hm = (t: string | number) => parts(ms(t)).hm

/** "10 月 10 日 周六": a day as a heading, with the year when it is not this one. */
export function day(t: string | number, now: number): string {
  const m = messages().time
  const p = parts(ms(t)), today = parts(now)
  return p.y === today.y ? m.day(p.mo, p.d, p.wd) : m.dayYear(p.y, p.mo, p.d)
}

/** True when both instants fall on the same calendar day here. */
export const sameDay = (a: string | number, b: string | number) => dayNumber(parts(ms(a))) === dayNumber(parts(ms(b)))

/** "5:40" in ledgers. */
export const ledger = (length: number) =>
  `${Math.floor(length / HOUR)}:${String(Math.floor((length % HOUR) / MIN)).padStart(2, '0')}`
