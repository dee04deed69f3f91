import { expect, test } from 'vitest'
import type { LedgerEntry } from '@/api/sla'
import { axisOf, rowsOf, type DayRow } from './account'

const at = (t: string) => `2025-${t}:00+08:00`
const e = (from: string, to: string, kind: LedgerEntry['kind'], seconds = 0, name = ''): LedgerEntry => ({ from: at(from), to: at(to), kind, seconds, name })

const ledger = [
  e('09-26T16:30', '09-26T18:00', 'open', 5400),
  e('09-26T18:00', '09-28T09:00', 'closed'),
  e('09-28T09:00', '09-28T10:00', 'make_up', 3600, '国庆节'),
  e('09-28T10:00', '09-29T11:00', 'paused', 0, 'customer'),
  e('09-29T11:00', '09-29T12:00', 'open', 3600),
  e('09-29T12:00', '10-01T00:00', 'closed'),
  e('10-01T00:00', '10-09T00:00', 'holiday', 0, '国庆节'),
  e('10-09T00:00', '10-09T09:00', 'closed'),
  e('10-09T09:00', '10-09T09:20', 'open', 1220),
]
const forecast = [e('10-09T09:20', '10-09T10:00', 'open', 2380)]

test('days without working time are folded with their reason, pauses stand once', () => {
  const rows = rowsOf({ ledger, forecast })
  expect(rows.map((r) => (r.row === 'day' ? r.date : r.row === 'fold' ? `${r.from}–${r.to} ${r.holiday}` : `pause ${r.n} ${r.reason}`))).toEqual([
    '2025-09-26', '2025-09-27–2025-09-27 ', '2025-09-28', 'pause 1 customer', '2025-09-29', '2025-09-30–2025-09-30 ', '2025-10-01–2025-10-08 国庆节', '2025-10-09',
  ])
  expect((rows[2] as DayRow).makeUp).toBe('国庆节')
})

test('the minutes of the lines add up to the last running sum', () => {
  const days = rowsOf({ ledger, forecast }).filter((r) => r.row === 'day')
  expect(days.map((d) => [d.minutes, d.ahead, d.sum])).toEqual([[90, 0, 90], [60, 0, 150], [60, 0, 210], [20, 40, 270]])
  expect(days.reduce((n, d) => n + d.minutes + d.ahead, 0)).toBe(days.at(-1)?.sum)
})

test('the axis shows the service hours', () => {
  expect(axisOf(rowsOf({ ledger, forecast }))).toEqual([9, 18])
  expect(axisOf(rowsOf({ ledger: [e('09-26T00:00', '09-28T00:00', 'open', 172_800)], forecast: [] }))).toEqual([0, 24])
})

test('days that are one long pause are folded too', () => {
  const rows = rowsOf({ ledger: [e('09-29T09:00', '09-29T10:00', 'open', 3600), e('09-29T10:00', '10-03T10:00', 'paused', 0, 'customer'), e('10-03T10:00', '10-03T11:00', 'open', 3600)], forecast: [] })
  expect(rows.map((r) => (r.row === 'fold' ? [r.from, r.to, r.waited] : r.row))).toEqual(['day', 'pause', ['2025-09-30', '2025-10-02', true], 'day'])
})
