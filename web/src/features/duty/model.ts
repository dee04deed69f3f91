import type { Absence, Gap, Layer, Member, Override, Roster, RosterBody, RosterFacts, Sheet, Shift, Special } from '@/api/duty'
import { addDays, instantAt, wall, type Day } from './zoned'

export const ms = (t: string) => Date.parse(t)
export const iso = (t: number) => new Date(t).toISOString()

/** One of a roster's shifts of the day: 白班 08:30–20:30. */
export interface Kind {
  index: number
  name: string
  mark: 'day' | 'night' | 'other'
  from: string
  to: string
}

export const kindsOf = (body: RosterBody): Kind[] =>
  body.layers.map((l, index) => ({ index, name: l.name, mark: l.mark === 'day' || l.mark === 'night' ? l.mark : 'other', from: l.from ?? '00:00', to: l.to ?? '24:00' }))

/** The time of one kind of shift that begins on a day. */
export function spanOf(kind: Kind, day: Day, zone: string): { from: number; to: number } {
  const from = instantAt(day, kind.from, zone)
  return { from, to: instantAt(kind.to > kind.from ? day : addDays(day, 1), kind.to, zone) }
}

/** A shift as a cell shows it. */
export interface Cell {
  shift: Shift
  day: Day
  kind: Kind | undefined
  holiday: boolean
  /** Only a part of the shift: from and to are told. */
  part: '' | 'from' | 'to' | 'both'
  from: string
  to: string
}

export function cellOf(shift: Shift, kinds: Kind[], zone: string): Cell {
  const a = wall(shift.start, zone), b = wall(shift.end, zone)
  let kind = kinds[shift.layer]
  let day = a.day
  if (!kind) kind = kinds.find((k) => k.from === a.hm && (k.to === b.hm || (k.to === '24:00' && b.hm === '00:00'))) ?? kinds.find((k) => overlap(spanOf(k, a.day, zone), shift) || overlap(spanOf(k, addDays(a.day, -1), zone), shift))
  let part: Cell['part'] = ''
  if (kind) {
    // A piece after midnight still belongs to the night it is of.
    if (kind.to <= kind.from && a.hm < kind.to) day = addDays(day, -1)
    const span = spanOf(kind, day, zone)
    const late = ms(shift.start) > span.from, early = ms(shift.end) < span.to
    part = late && early ? 'both' : late ? 'from' : early ? 'to' : ''
  }
  return { shift, day, kind, holiday: shift.mark === 'holiday', part, from: a.hm, to: b.hm }
}

export const overlap = (a: { from: number; to: number }, s: { start: string; end: string }) => ms(s.start) < a.to && ms(s.end) > a.from
export const away = (absences: Absence[], person: string, from: number, to: number) => absences.find((x) => x.person.id === person && ms(x.start) < to && ms(x.end) > from)

/** Everybody with a row: whom the roster names, and who stands in. */
export function peopleOf(roster: Roster, sheet: Sheet | undefined): Member[] {
  const list = [...roster.people]
  for (const s of sheet?.shifts ?? []) if (!list.some((p) => p.id === s.person.id)) list.push({ ...s.person, phone: '', reachable: true })
  return list
}

export interface Cover {
  state: 'ok' | 'gap' | 'none'
  gap?: Gap
}
/** Whether a kind of shift has somebody on a day. */
export function coverOf(kind: Kind, day: Day, zone: string, sheet: Sheet): Cover {
  const span = spanOf(kind, day, zone)
  const gap = sheet.gaps.find((g) => ms(g.from) < span.to && ms(g.to) > span.from)
  if (gap) return { state: 'gap', gap }
  return { state: sheet.shifts.some((s) => overlap(span, s)) ? 'ok' : 'none' }
}

export interface OverrideNew {
  type: Override['type']
  add?: string
  remove?: string
  start: string
  end: string
  reason?: string
}

export type Step =
  | { kind: 'nothing' }
  | { kind: 'refused'; why: 'elsewhere' | 'away' | 'own' }
  | { kind: 'move'; overrides: OverrideNew[] }
  | { kind: 'swap'; with: Shift; overrides: OverrideNew[] }

const replace = (s: Shift, by: string): OverrideNew => ({ type: 'replace', remove: s.person.id, add: by, start: s.start, end: s.end })

/** What happens when a shift is put on somebody's day: it is given to them, or both swap. */
export function drop(shift: Cell, person: string, day: Day, cells: Cell[], absences: Absence[]): Step {
  const from = shift.shift.person.id
  if (person === from) return day === shift.day ? { kind: 'nothing' } : { kind: 'refused', why: 'own' }
  const there = cells.filter((c) => c.shift.person.id === person && c.day === day)
  if (away(absences, person, ms(shift.shift.start), ms(shift.shift.end))) return { kind: 'refused', why: 'away' }
  const other = there.find((c) => c.kind?.index !== shift.kind?.index || day !== shift.day) ?? there[0]
  if (other) {
    if (away(absences, from, ms(other.shift.start), ms(other.shift.end))) return { kind: 'refused', why: 'away' }
    return { kind: 'swap', with: other.shift, overrides: [replace(shift.shift, person), replace(other.shift, from)] }
  }
  if (day !== shift.day) return { kind: 'refused', why: 'elsewhere' }
  return { kind: 'move', overrides: [replace(shift.shift, person)] }
}

/** Hours each person has among some shifts. */
export function hoursBy(shifts: Shift[]): Map<string, number> {
  const hours = new Map<string, number>()
  for (const s of shifts) hours.set(s.person.id, (hours.get(s.person.id) ?? 0) + (ms(s.end) - ms(s.start)) / 3_600_000)
  return hours
}

const REST = 11 * 3_600_000
/** Who could take a time: reachable, not away, rested before and after, and with the fewest hours so far. */
export function candidate(people: Member[], sheet: Sheet, absences: Absence[], from: number, to: number, not: string[] = []): Member | undefined {
  const hours = hoursBy(sheet.shifts)
  const free = (p: Member, rest: number) =>
    p.reachable && !not.includes(p.id) && !away(absences, p.id, from, to) && !sheet.shifts.some((s) => s.person.id === p.id && ms(s.start) < to + rest && ms(s.end) > from - rest)
  const best = (rest: number) => people.filter((p) => free(p, rest)).sort((a, b) => (hours.get(a.id) ?? 0) - (hours.get(b.id) ?? 0))[0]
  return best(REST) ?? best(0)
}

/** A shift that could be taken from somebody with too much, and by whom. */
export function relief(person: string, people: Member[], sheet: Sheet, absences: Absence[], now: number): { shift: Shift; to: Member } | undefined {
  const hours = hoursBy(sheet.shifts)
  for (const shift of sheet.shifts.filter((s) => s.person.id === person && ms(s.start) > now).reverse()) {
    const to = candidate(people, sheet, absences, ms(shift.start), ms(shift.end), [person])
    if (to && (hours.get(to.id) ?? 0) + 1 < (hours.get(person) ?? 0)) return { shift, to }
  }
  return undefined
}

/** The shifts of a holiday as a schedule of their own: whole shifts, so that no night is cut at midnight. */
export function holidaySchedule(name: string, from: number, to: number, sheet: Sheet): Special {
  const shifts = sheet.shifts.filter((s) => overlap({ from, to }, s))
  const start = Math.min(from, ...shifts.map((s) => ms(s.start)))
  const end = Math.max(to, ...shifts.map((s) => ms(s.end)))
  return { name, mark: 'holiday', start: iso(start), end: iso(end), shifts: shifts.map((s) => ({ user: s.person.id, start: s.start, end: s.end })) }
}

/** The facts a body was made from, as far as it still follows them. */
export function factsOf(body: RosterBody): RosterFacts {
  const first = body.layers.find((l) => l.roster)?.roster
  const time = (mark: string): { from: string; to: string } | undefined => {
    const l = body.layers.find((x: Layer) => x.mark === mark && x.from && x.to)
    return l?.from && l.to ? { from: l.from, to: l.to } : undefined
  }
  const facts: RosterFacts = { timezone: body.timezone, people: [...new Set((first?.groups ?? []).flat())], start: body.valid_from ?? first?.start ?? '' }
  const day = time('day'), night = time('night')
  if (day) facts.day = day
  if (night) facts.night = night
  if (body.valid_to) facts.end = body.valid_to
  if (first && first.frequency !== 'hourly') facts.period = first.frequency
  if (first?.interval && first.interval > 1) facts.length = first.interval
  if (first?.by_day?.length) facts.days = first.by_day
  const size = first?.groups[0]?.length ?? 1
  if (size > 1) facts.per_shift = size
  return facts
}

const quoted = (s: string) => (/[",\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s)
/** The sheet as a table that any spreadsheet opens. */
export const csv = (rows: readonly (readonly string[])[]) => `\uFEFF${rows.map((r) => r.map(quoted).join(',')).join('\r\n')}\r\n`

/** Hands a made file to the browser. */
export function save(name: string, text: string, type: string) {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  URL.revokeObjectURL(url)
}
