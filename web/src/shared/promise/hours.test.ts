import { expect, test } from 'vitest'
import { zhCN } from '@/locales/zh-CN'
import { lengthText, seconds, week } from './hours'

test.each([['4 小时', 14_400], ['30 分', 1800], ['1 小时 30 分', 5400], ['1.5h', 5400], ['90 min', 5400], ['2:30', 9000], ['45分钟', 2700], ['4h30m', 16_200], ['90 秒', 90], ['1 分 30 秒', 90]])('%s', (text, n) => {
  expect(seconds(text)).toBe(n)
})
test.each(['', '4', '两小时', '4 天', '小时', '-1 小时'])('"%s" is no length', (text) => {
  expect(seconds(text)).toBeNull()
})

test('a week in words', () => {
  const office: [string, string][] = [['09:00', '12:00'], ['13:30', '18:00']]
  const timezone = 'Asia/Shanghai'
  expect(week({ timezone, weekly: { mon: office, tue: office, wed: office, thu: office, fri: office } }, zhCN)).toBe('周一至周五 09:00–12:00、13:30–18:00')
  expect(week({ timezone, weekly: { mon: office, sat: [['09:00', '12:00']] } }, zhCN)).toBe('周一 09:00–12:00、13:30–18:00；周六 09:00–12:00')
  expect(week({ timezone, weekly: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((d) => [d, [['00:00', '24:00']]])) }, zhCN)).toBe('全天 7×24')
  expect(week({ timezone, weekly: {} }, zhCN)).toBe('没有服务时间')
})

test('a length there and back', () => {
  for (const n of [30, 90, 1800, 5400, 14_400, 259_200, 3661]) expect(seconds(lengthText(n))).toBe(n)
})
