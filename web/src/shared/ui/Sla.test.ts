import { expect, test } from 'vitest'
import { clockText, leftOf, tone, type Clock } from './Sla'

const t = (hm: string) => Date.parse(`2026-10-09T${hm}:00+08:00`)
const H = 3_600_000
const running: Clock = { name: '解决', state: 'running', due: '2026-10-12T10:00:00+08:00', started: '2026-10-09T09:00:00+08:00', usedMs: 2 * H, limitMs: 10 * H, leftMs: 8 * H, seen: t('11:00') }

test('a running clock counts down in working time, not until the instant', () => {
  expect(clockText(running, t('11:00'))).toBe('剩 8 小时')
  expect(clockText(running, t('11:30'))).toBe('剩 7 小时 30 分')
})

test('it is over only when the due instant has come', () => {
  const short = { ...running, leftMs: H / 2 }
  expect(leftOf(short, t('14:00'))).toBe(0)
  expect(tone(short, t('14:00'))).toBe('soon')
  const over = { ...running, due: '2026-10-09T11:30:00+08:00', leftMs: H / 2 }
  expect(clockText(over, t('12:05'))).toBe('已超 35 分')
  expect(tone(over, t('12:05'))).toBe('over')
})

test('outside service hours no length of nothing is told', () => {
  expect(clockText({ ...running, leftMs: 0, seen: t('20:00') }, t('20:00'))).toBe('服务时间已用完')
  const tonight: Clock = { ...running, due: '2026-10-10T00:14:00+08:00', leftMs: 0, seen: t('20:00') }
  expect(clockText(tonight, t('20:15'))).toBe('服务时间已用完')
  expect(tone(tonight, t('20:15'))).toBe('soon')
  expect(clockText({ ...running, state: 'breached', due: '2026-10-09T18:44:00+08:00', leftMs: 0, seen: t('20:00') }, t('20:00'))).toBe('已到期')
})

test('a paused clock stands', () => {
  const paused: Clock = { ...running, state: 'paused', due: null, leftMs: 3 * H }
  expect(clockText(paused, t('11:00'))).toBe('暂停中 · 还剩 3 小时')
  expect(clockText(paused, t('18:00'))).toBe('暂停中 · 还剩 3 小时')
})

test('what was done too late does not go on counting', () => {
  const late: Clock = { ...running, state: 'breached', due: '2026-10-09T10:00:00+08:00', stopped: '2026-10-09T10:35:00+08:00', leftMs: -35 * 60_000 }
  expect(clockText(late, t('11:00'))).toBe('超 35 分完成')
  expect(clockText(late, t('23:00'))).toBe('超 35 分完成')
  expect(tone(late, t('23:00'))).toBe('late')
})

test('a kept promise says what it took', () => {
  expect(clockText({ ...running, state: 'met', stopped: '2026-10-09T11:00:00+08:00' }, t('20:00'))).toBe('达标 · 用 2 小时')
})

test('without a server’s count the due instant decides', () => {
  const plain: Clock = { name: '期限', state: 'running', due: '2026-10-09T12:00:00+08:00', started: '2026-10-09T10:00:00+08:00' }
  expect(clockText(plain, t('11:00'))).toBe('剩 1 小时')
  expect(clockText(plain, t('12:21'))).toBe('已超 21 分')
})
