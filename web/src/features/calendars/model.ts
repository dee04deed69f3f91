import { weekdays, type Calendar, type Interval, type PublicDay, type Spec, type Words } from '@/api/sla'
import { intervals, intervalsText } from '@/shared/promise/hours'

/** A calendar while it is being written. */
export interface Draft {
  code: string
  label: Words
  timezone: string
  country: '' | 'CN'
  week: string[]
  holidays: string[]
  extra: { date: string; hours: string }[]
}

export function draftOf(c: Calendar | null): Draft {
  if (!c) return { code: '', label: { zh: '', en: '' }, timezone: 'Asia/Shanghai', country: 'CN', week: [...Array<string>(5).fill('09:00–12:00 13:30–18:00'), '', ''], holidays: [], extra: [] }
  return {
    code: c.code, label: c.label, timezone: c.spec.timezone, country: c.country ?? '',
    week: weekdays.map((d) => intervalsText(c.spec.weekly[d])),
    holidays: [...(c.spec.holidays ?? [])].sort(),
    extra: (c.spec.extra_workdays ?? []).map((w) => ({ date: w.date, hours: intervalsText(w.intervals) })).sort((a, b) => a.date.localeCompare(b.date)),
  }
}

/** What the draft says, as far as it can be read; hours that cannot be read are left out. */
export function specOf(d: Draft): Spec {
  const weekly: Record<string, Interval[]> = {}
  weekdays.forEach((w, i) => {
    const hours = intervals(d.week[i] ?? '')
    if (hours?.length) weekly[w] = hours
  })
  return {
    timezone: d.timezone, weekly,
    holidays: d.holidays.filter((x) => x),
    extra_workdays: d.extra.filter((x) => x.date).map((x) => {
      const hours = x.hours.trim() ? intervals(x.hours) : null
      return hours ? { date: x.date, intervals: hours } : { date: x.date }
    }),
  }
}
export const calendarOf = (d: Draft): Calendar => ({ code: d.code, label: d.label, spec: specOf(d), ...(d.country ? { country: d.country } : {}) })

/** Lays the announced days under what the calendar says itself, as the server does. */
export function withPublic(spec: Spec, days: PublicDay[]): Spec {
  const said = new Set([...(spec.holidays ?? []), ...(spec.extra_workdays ?? []).map((w) => w.date)])
  const news = days.filter((d) => !said.has(d.date))
  return {
    ...spec,
    holidays: [...(spec.holidays ?? []), ...news.filter((d) => d.off).map((d) => d.date)],
    extra_workdays: [...(spec.extra_workdays ?? []), ...news.filter((d) => !d.off).map((d) => ({ date: d.date }))],
  }
}

export type DayKind = 'open' | 'holiday' | 'makeUp' | 'rest'
/** What a date of the year is, and the name of its holiday. */
export function dayKinds(spec: Spec, days: PublicDay[]): (date: string) => { kind: DayKind; name: string } {
  const names = new Map(days.map((d) => [d.date, d.name]))
  const all = withPublic(spec, days)
  const holidays = new Set(all.holidays), extra = new Map((all.extra_workdays ?? []).map((w) => [w.date, w.intervals]))
  return (date) => {
    const name = names.get(date) ?? ''
    if (extra.has(date)) return { kind: extra.get(date)?.length === 0 ? 'rest' : 'makeUp', name }
    if (holidays.has(date)) return { kind: 'holiday', name }
    const weekday = weekdays[(new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7]
    return { kind: weekday && spec.weekly[weekday]?.length ? 'open' : 'rest', name: '' }
  }
}

const iso = (t: number) => new Date(t).toISOString().slice(0, 10)
/** The dates of all events in an iCal file; one that lasts several days gives each of them. */
export function datesOf(ics: string): string[] {
  const lines = ics.replace(/\r?\n[ \t]/g, '').split(/\r?\n/)
  const out = new Set<string>()
  let from = '', to = ''
  const read = (line: string) => /:(\d{4})(\d\d)(\d\d)/.exec(line)?.slice(1, 4).join('-') ?? ''
  for (const line of lines) {
    if (line.startsWith('BEGIN:VEVENT')) from = to = ''
    else if (line.startsWith('DTSTART')) from = read(line)
    else if (line.startsWith('DTEND')) to = read(line)
    else if (line.startsWith('END:VEVENT') && from) {
      const end = Math.max(Date.parse(`${to || from}T00:00:00Z`), Date.parse(`${from}T00:00:00Z`) + 1)
      for (let t = Date.parse(`${from}T00:00:00Z`); t < end && out.size < 5000; t += 86_400_000) out.add(iso(t))
    }
  }
  return [...out].sort()
}

/** Holidays as an iCal file. */
export function icsOf(name: string, days: { date: string; name: string }[]): string {
  const plain = (d: string) => d.replace(/-/g, '')
  const text = (s: string) => s.replace(/[\\;,]/g, (c) => `\\${c}`)
  const events = days.map((d) => ['BEGIN:VEVENT', `UID:${plain(d.date)}-${encodeURIComponent(name)}@steward`, `DTSTAMP:${plain(d.date)}T000000Z`, `DTSTART;VALUE=DATE:${plain(d.date)}`, `DTEND;VALUE=DATE:${plain(iso(Date.parse(`${d.date}T00:00:00Z`) + 86_400_000))}`, `SUMMARY:${text(d.name)}`, 'END:VEVENT'].join('\r\n'))
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Steward//Calendar//EN', `X-WR-CALNAME:${text(name)}`, ...events, 'END:VCALENDAR', ''].join('\r\n')
}
