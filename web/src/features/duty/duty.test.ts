import { expect, test } from 'vitest'
import type { Absence, Shift } from '@/api/duty'
import { candidate, cellOf, coverOf, drop, holidaySchedule, kindsOf, type Kind } from './model'
import { daysOf, instantAt, turn, wall } from './zoned'

const zone = 'Asia/Shanghai'
const kinds: Kind[] = kindsOf({ timezone: zone, layers: [{ name: '白班', mark: 'day', from: '08:30', to: '20:30' }, { name: '夜班', mark: 'night', from: '20:30', to: '08:30' }] })
const shift = (person: string, start: string, end: string, layer = 0): Shift => ({ start: `${start}:00+08:00`, end: `${end}:00+08:00`, person: { id: person, name: person }, layer, name: '', mark: '', why: 'planned', record: '', late_minutes: 0, missed: false })
const day1 = shift('a', '2026-10-01T08:30', '2026-10-01T20:30')
const night1 = shift('b', '2026-10-01T20:30', '2026-10-02T08:30', 1)
const day2 = shift('c', '2026-10-02T08:30', '2026-10-02T20:30')
const cells = [day1, night1, day2].map((s) => cellOf(s, kinds, zone))
const member = (id: string) => ({ id, name: id, phone: '', reachable: true })

test('a wall clock in any zone, also on the days the clock changes', () => {
  expect(wall('2026-10-01T00:30:00Z', zone)).toEqual({ day: '2026-10-01', hm: '08:30' })
  expect(new Date(instantAt('2026-10-01', '08:30', zone)).toISOString()).toBe('2026-10-01T00:30:00.000Z')
  expect(new Date(instantAt('2026-03-29', '12:00', 'Europe/Berlin')).toISOString()).toBe('2026-03-29T10:00:00.000Z')
  expect(instantAt('2026-10-01', '24:00', zone)).toBe(instantAt('2026-10-02', '00:00', zone))
})

test('views are whole weeks or the month', () => {
  expect(daysOf('week', '2026-10-10')).toHaveLength(7)
  expect(daysOf('week', '2026-10-10')[0]).toBe('2026-10-05')
  expect(daysOf('month', '2026-02-10')).toHaveLength(28)
  expect(turn('month', '2026-10-10', -1)).toBe('2026-09-30')
  expect(turn('fortnight', '2026-10-10', 1)).toBe('2026-10-19')
})

test('a night belongs to the day it begins on', () => {
  expect(cellOf(night1, kinds, zone)).toMatchObject({ day: '2026-10-01', part: '' })
  const piece = cellOf(shift('b', '2026-10-02T00:00', '2026-10-02T08:30', -1), kinds, zone)
  expect(piece).toMatchObject({ day: '2026-10-01', part: 'from' })
  expect(piece.kind?.name).toBe('夜班')
})

test('a shift is given on its day, swapped with a shift, and refused where it would leave a hole', () => {
  const [first] = cells
  if (!first) throw new Error('no cell')
  expect(drop(first, 'd', '2026-10-01', cells, [])).toMatchObject({ kind: 'move', overrides: [{ type: 'replace', remove: 'a', add: 'd' }] })
  expect(drop(first, 'c', '2026-10-02', cells, [])).toMatchObject({ kind: 'swap', overrides: [{ remove: 'a', add: 'c' }, { remove: 'c', add: 'a' }] })
  expect(drop(first, 'd', '2026-10-02', cells, [])).toEqual({ kind: 'refused', why: 'elsewhere' })
  expect(drop(first, 'a', '2026-10-03', cells, [])).toEqual({ kind: 'refused', why: 'own' })
  const absence: Absence = { id: '1', person: { id: 'd', name: 'd' }, start: '2026-10-01T00:00:00+08:00', end: '2026-10-03T00:00:00+08:00', record: '' }
  expect(drop(first, 'd', '2026-10-01', cells, [absence])).toEqual({ kind: 'refused', why: 'away' })
})

test('a hole is found in the shift it is of, and who could fill it has rested', () => {
  const sheet = { from: '', to: '', shifts: [day1, day2], gaps: [{ from: night1.start, to: night1.end }] }
  expect(coverOf(kinds[1] as Kind, '2026-10-01', zone, sheet).state).toBe('gap')
  expect(coverOf(kinds[0] as Kind, '2026-10-01', zone, sheet).state).toBe('ok')
  const from = Date.parse(night1.start), to = Date.parse(night1.end)
  expect(candidate([member('a'), member('d')], sheet, [], from, to)?.id).toBe('d')
  expect(candidate([member('a')], sheet, [], from, to)?.id).toBe('a')
})

test('a holiday takes whole shifts', () => {
  const s = holidaySchedule('国庆节', instantAt('2026-10-02', '00:00', zone), instantAt('2026-10-03', '00:00', zone), { from: '', to: '', shifts: [day1, night1, day2], gaps: [] })
  expect(s.shifts.map((x) => x.user)).toEqual(['b', 'c'])
  expect(s.start).toBe(new Date(night1.start).toISOString())
})
