import { weekdays, type Interval, type Spec } from '@/api/sla'
import type { Messages } from '@/locales/types'
import { messages } from '../lib/i18n'

/** Reads a length as people write it: "4 小时", "30 分", "1 小时 30 分", "1.5h", "90 min", "2:30". Null when it is none. */
export function seconds(text: string): number | null {
  const t = text.trim().toLowerCase()
  const colon = /^(\d{1,5}):([0-5]\d)$/.exec(t)
  if (colon) return Number(colon[1]) * 3600 + Number(colon[2]) * 60
  const p = /^(?:(\d+(?:\.\d+)?)\s*(?:小时|个小时|时|hours?|hrs?|h))?\s*(?:(\d+)\s*(?:分钟|分|minutes?|mins?|m))?\s*(?:(\d+)\s*(?:秒钟|秒|seconds?|secs?|s))?$/.exec(t)
  if (!t || !p || (p[1] === undefined && p[2] === undefined && p[3] === undefined)) return null
  return Math.round(Number(p[1] ?? 0) * 3600) + Number(p[2] ?? 0) * 60 + Number(p[3] ?? 0)
}

/** The same the other way round, to the second. */
export function lengthText(n: number): string {
  const m = messages()
  const h = Math.floor(n / 3600), min = Math.floor((n % 3600) / 60), s = n % 60
  return [h > 0 && m.time.hours(h), min > 0 && m.time.minutes(min), (s > 0 || n === 0) && m.promise.seconds(s)].filter(Boolean).join(' ')
}

/** "09:00–12:00、13:30–18:00". */
export const spans = (list: Interval[], m: Messages) => list.map(([a, b]) => `${a}–${b}`).join(m.app.listSep)

const whole = (list: Interval[] | null | undefined) => list?.length === 1 && list[0]?.[0] === '00:00' && list[0][1] === '24:00'

/** The service hours of a week in words: 周一至周五 09:00–12:00、13:30–18:00. */
export function week(spec: Spec, m: Messages): string {
  if (weekdays.every((d) => whole(spec.weekly[d]))) return m.promise.always
  const parts: { from: number; to: number; hours: Interval[] }[] = []
  weekdays.forEach((d, i) => {
    const hours = spec.weekly[d] ?? []
    if (hours.length === 0) return
    const before = parts.at(-1)
    if (before?.to === i - 1 && JSON.stringify(before.hours) === JSON.stringify(hours)) before.to = i
    else parts.push({ from: i, to: i, hours })
  })
  if (parts.length === 0) return m.promise.never
  return parts.map((p) => `${p.from === p.to ? m.promise.weekday[p.from] : m.promise.weekdays(m.promise.weekday[p.from] ?? '', m.promise.weekday[p.to] ?? '')} ${spans(p.hours, m)}`).join(m.promise.and)
}

/** Reads the hours of a day: "09:00–12:00 13:30–18:00". An empty text is a closed day; null is none of both. */
export function intervals(text: string): Interval[] | null {
  const t = text.trim()
  if (!t) return []
  const out: Interval[] = []
  for (const part of t.split(/[\s,，、;；]+/).filter(Boolean)) {
    const p = /^(\d{1,2})[:：](\d\d)[-–—~～至](\d{1,2})[:：](\d\d)$/.exec(part)
    if (!p) return null
    const [h1, m1, h2, m2] = [p[1], p[2], p[3], p[4]].map(Number) as [number, number, number, number]
    if (h1 > 23 || m1 > 59 || m2 > 59 || h2 > 24 || (h2 === 24 && m2 > 0)) return null
    const two = (n: number) => String(n).padStart(2, '0')
    out.push([`${two(h1)}:${two(m1)}`, `${two(h2)}:${two(m2)}`])
  }
  return out
}
/** The same the other way round. */
export const intervalsText = (list: Interval[] | null | undefined) => (list ?? []).map(([a, b]) => `${a}–${b}`).join(' ')
