import { expect, test } from 'vitest'
import { intervals } from '@/shared/promise/hours'
import { dayKinds, datesOf, draftOf, icsOf, specOf } from './model'

test('hours as people write them', () => {
  expect(intervals('09:00–12:00 13:30-18:00')).toEqual([['09:00', '12:00'], ['13:30', '18:00']])
  expect(intervals('20:00–08:00')).toEqual([['20:00', '08:00']])
  expect(intervals('00:00–24:00')).toEqual([['00:00', '24:00']])
  expect(intervals('')).toEqual([])
  for (const bad of ['9', '09:00', '09:00–25:00', '09:60–10:00', '24:00–08:00']) expect(intervals(bad)).toBeNull()
})

test('a date is what the calendar says, then what was announced, then its weekday', () => {
  const d = { ...draftOf(null), holidays: ['2026-10-12'], extra: [{ date: '2026-10-03', hours: '' }] }
  const kind = dayKinds(specOf(d), [{ date: '2026-10-01', off: true, name: '国庆节' }, { date: '2026-10-03', off: true, name: '国庆节' }, { date: '2026-10-10', off: false, name: '国庆节' }])
  expect(kind('2026-10-01')).toEqual({ kind: 'holiday', name: '国庆节' })
  expect(kind('2026-10-03').kind).toBe('makeUp')
  expect(kind('2026-10-10')).toEqual({ kind: 'makeUp', name: '国庆节' })
  expect(kind('2026-10-11').kind).toBe('rest')
  expect(kind('2026-10-12').kind).toBe('holiday')
  expect(kind('2026-10-13').kind).toBe('open')
})

test('iCal there and back', () => {
  const file = icsOf('工作日', [{ date: '2026-10-01', name: '国庆节' }, { date: '2026-12-31', name: '盘点, 停业' }])
  expect(datesOf(file)).toEqual(['2026-10-01', '2026-12-31'])
  expect(datesOf('BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260501\r\nDTEND;VALUE=DATE:20260504\r\nEND:VEVENT')).toEqual(['2026-05-01', '2026-05-02', '2026-05-03'])
  expect(datesOf('no calendar')).toEqual([])
})
