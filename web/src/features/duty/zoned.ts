// A roster follows the wall clock of its own time zone, whatever the reader's is.

const formats = new Map<string, Intl.DateTimeFormat>()
function format(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-GB', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  formats.set(zone, made)
  return made
}

/** A calendar day as "2026-10-01". */
export type Day = string
const DAY = 86_400_000

/** Day and time of an instant on the wall of a zone. */
export function wall(t: string | number, zone: string): { day: Day; hm: string } {
  const p: Record<string, string> = {}
  for (const x of format(zone).formatToParts(typeof t === 'number' ? t : Date.parse(t))) p[x.type] = x.value
  return { day: `${p.year}-${p.month}-${p.day}`, hm: `${p.hour}:${p.minute}` }
}

/** The instant at which the wall of a zone shows this day and time; "24:00" is the next midnight. */
export function instantAt(day: Day, hm: string, zone: string): number {
  const [h = 0, min = 0] = hm.split(':').map(Number)
  const wanted = Date.parse(`${day}T00:00:00Z`) + (h * 60 + min) * 60_000
  let at = wanted
  // The offset depends on the instant: the second look settles what the first one guessed.
  for (let i = 0; i < 2; i++) {
    const w = wall(at, zone)
    at += wanted - Date.parse(`${w.day}T${w.hm}:00Z`)
  }
  return at
}

const utc = (day: Day) => Date.parse(`${day}T00:00:00Z`)
export const addDays = (day: Day, n: number): Day => new Date(utc(day) + n * DAY).toISOString().slice(0, 10)
export const daysBetween = (from: Day, to: Day) => Math.round((utc(to) - utc(from)) / DAY)
/** 0 = Sunday. */
export const weekday = (day: Day) => new Date(utc(day)).getUTCDay()
export const dayOfMonth = (day: Day) => Number(day.slice(8))
export const monthOf = (day: Day) => Number(day.slice(5, 7))
export const yearOf = (day: Day) => Number(day.slice(0, 4))
export const isDay = (text: string | undefined): text is Day => !!text && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(utc(text))

export type View = 'week' | 'fortnight' | 'month'

/** The days a view shows around a day: whole weeks from Monday, or the whole month. */
export function daysOf(view: View, around: Day): Day[] {
  let first = around, count = 7
  if (view === 'month') {
    first = `${around.slice(0, 8)}01`
    count = new Date(Date.UTC(yearOf(around), monthOf(around), 0)).getUTCDate()
  } else {
    first = addDays(around, -((weekday(around) + 6) % 7))
    if (view === 'fortnight') count = 14
  }
  return Array.from({ length: count }, (_, i) => addDays(first, i))
}

/** The day from which the view before or after is drawn. */
export function turn(view: View, around: Day, by: 1 | -1): Day {
  const days = daysOf(view, around)
  return by > 0 ? addDays(days.at(-1) ?? around, 1) : view === 'month' ? addDays(days[0] ?? around, -1) : addDays(days[0] ?? around, view === 'week' ? -7 : -14)
}
