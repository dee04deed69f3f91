import { afterAll, beforeAll, expect, test } from 'vitest'
import { by, clock, day, duration, exact, ledger, moment, setZone } from './time'

beforeAll(() => setZone('Asia/Shanghai'))
afterAll(() => setZone(undefined))

const now = Date.parse('2026-10-10T14:16:00+08:00')
const at = (t: string) => `${t}+08:00`

test('what is left is a sentence', () => {
  expect(clock(at('2026-10-10T14:30:00'), now)).toBe('剩 14 分')
  expect(clock(at('2026-10-10T16:30:00'), now)).toBe('剩 2 小时 14 分')
  expect(clock(at('2026-10-10T13:55:00'), now)).toBe('已超 21 分')
  expect(clock(at('2026-10-10T14:16:20'), now)).toBe('剩 不到 1 分')
})

test('over a day away the day is named', () => {
  expect(clock(at('2026-10-12T10:40:00'), now)).toBe('周一 10:40 前')
  expect(clock(at('2026-10-19T09:00:00'), now)).toBe('10 月 19 日 09:00 前')
  expect(clock(at('2027-01-03T09:00:00'), now)).toBe('2027 年 1 月 3 日 09:00 前')
})

test('until when', () => {
  expect(by(at('2026-10-10T14:30:00'), now)).toBe('14:30 前')
  expect(by(at('2026-10-10T16:10:00'), now)).toBe('今天 16:10 前')
  expect(by(at('2026-10-11T09:00:00'), now)).toBe('明天 09:00 前')
})

test('instants', () => {
  expect(moment(at('2026-10-09T14:00:00'), now)).toBe('昨天 14:00')
  expect(moment(at('2026-10-01T09:15:00'), now)).toBe('10 月 1 日 09:15')
  expect(moment(at('2025-10-01T09:15:00'), now)).toBe('2025 年 10 月 1 日 09:15')
  expect(exact('2026-10-10T06:16:05Z')).toBe('2026-10-10 14:16:05')
  expect(day(now, now)).toBe('10 月 10 日 周六')
})

test('lengths', () => {
  expect(duration(27 * 3_600_000)).toBe('1 天 3 小时')
  expect(duration(3 * 3_600_000)).toBe('3 小时')
  expect(ledger(5 * 3_600_000 + 40 * 60_000)).toBe('5:40')
})
