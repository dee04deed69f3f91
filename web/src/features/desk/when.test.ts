import { describe, expect, it } from 'vitest'
import { recognise, since, titleOf, when } from './when'

// Saturday 10 October 2026, 14:16, in whatever zone the test runs.
const now = new Date(2026, 9, 10, 14, 16).getTime()
const at = (mo: number, d: number, h: number, min = 0, y = 2026) => new Date(y, mo - 1, d, h, min).getTime()

describe('when', () => {
  it.each<[string, number]>([
    ['17:00', at(10, 10, 17)],
    ['17：00', at(10, 10, 17)],
    ['17点', at(10, 10, 17)],
    ['17 点前', at(10, 10, 17)],
    ['5点', at(10, 10, 17)],
    ['五点半', at(10, 10, 17, 30)],
    ['5点一刻', at(10, 10, 17, 15)],
    ['5:30', at(10, 10, 17, 30)],
    ['09:00', at(10, 11, 9)],
    ['9点', at(10, 10, 21)],
    ['下午五点', at(10, 10, 17)],
    ['下午 5 点 20 分', at(10, 10, 17, 20)],
    ['今天下午5点前', at(10, 10, 17)],
    ['今晚', at(10, 10, 21)],
    ['今晚八点', at(10, 10, 20)],
    ['下班前', at(10, 10, 18)],
    ['今天', at(10, 10, 18)],
    ['明早', at(10, 11, 9)],
    ['明天', at(10, 11, 18)],
    ['明天上午', at(10, 11, 12)],
    ['明天上午十点', at(10, 11, 10)],
    ['明早 8:30', at(10, 11, 8, 30)],
    ['明天中午', at(10, 11, 12)],
    ['明天中午十二点', at(10, 11, 12)],
    ['明天下午3点', at(10, 11, 15)],
    ['后天 10:00', at(10, 12, 10)],
    ['大后天', at(10, 13, 18)],
    ['周一', at(10, 12, 18)],
    ['周一上午', at(10, 12, 12)],
    ['下周一 9:00', at(10, 12, 9)],
    ['下周五下午', at(10, 16, 18)],
    ['星期天 20:00', at(10, 11, 20)],
    ['10月12日', at(10, 12, 18)],
    ['10月12日 9:00', at(10, 12, 9)],
    ['10-12 09:00', at(10, 12, 9)],
    ['2026-10-12 09:00', at(10, 12, 9)],
    ['12号上午', at(10, 12, 12)],
    ['5号', at(11, 5, 18)],
    ['1月5日 10:00', at(1, 5, 10, 0, 2027)],
    ['2 小时内', at(10, 10, 16, 16)],
    ['2小时', at(10, 10, 16, 16)],
    ['两小时之内', at(10, 10, 16, 16)],
    ['半小时', at(10, 10, 14, 46)],
    ['半个小时内', at(10, 10, 14, 46)],
    ['1个半小时', at(10, 10, 15, 46)],
    ['一个半小时', at(10, 10, 15, 46)],
    ['30 分钟', at(10, 10, 14, 46)],
    ['30m', at(10, 10, 14, 46)],
    ['1h30m', at(10, 10, 15, 46)],
    ['三天内', at(10, 13, 14, 16)],
    ['一周内', at(10, 17, 14, 16)],
    ['2h', at(10, 10, 16, 16)],
    ['in 2 hours', at(10, 10, 16, 16)],
    ['within an hour', at(10, 10, 15, 16)],
    ['half an hour', at(10, 10, 14, 46)],
    ['90 minutes', at(10, 10, 15, 46)],
    ['1.5h', at(10, 10, 15, 46)],
    ['5pm', at(10, 10, 17)],
    ['by 5:30 pm', at(10, 10, 17, 30)],
    ['tomorrow', at(10, 11, 18)],
    ['tomorrow morning', at(10, 11, 9)],
    ['tomorrow 9am', at(10, 11, 9)],
    ['tomorrow at 9', at(10, 11, 9)],
    ['tonight', at(10, 10, 21)],
    ['monday', at(10, 12, 18)],
    ['Mon 10:00', at(10, 12, 10)],
    ['next tuesday 3pm', at(10, 13, 15)],
    ['oct 12', at(10, 12, 18)],
    ['12 Oct 9:00', at(10, 12, 9)],
    ['end of day', at(10, 10, 18)],
  ])('reads %s', (text, wanted) => {
    const found = when(text, now)
    expect(found === null ? null : new Date(found).toString()).toBe(new Date(wanted).toString())
  })

  it.each(['', '尽快', 'asap', '很急', '25:00', '17:70', '10月45日', '今天 09:00', '昨天', 'abc', '2026-01-01 10:00'])('does not guess at “%s”', (text) => {
    expect(when(text, now)).toBeNull()
  })
})

describe('since', () => {
  it.each<[string, number]>([
    ['早上 10 点', at(10, 10, 10)],
    ['10:00', at(10, 10, 10)],
    ['昨天下午三点', at(10, 9, 15)],
    ['昨晚 9 点', at(10, 9, 21)],
    ['半小时前', at(10, 10, 13, 46)],
    ['两小时前', at(10, 10, 12, 16)],
    ['an hour ago', at(10, 10, 13, 16)],
    ['18:00', at(10, 9, 18)],
  ])('reads %s', (text, wanted) => expect(since(text, now)).toBe(wanted))
})

describe('recognise', () => {
  it('finds since when and what', () => {
    expect(recognise('3 台收银机刷银行卡都提示“通讯超时”，现金和扫码正常，从早上 10 点开始，排队 20 多人', now)).toEqual({ occurred: at(10, 10, 10), affected: '3 台收银机' })
    expect(recognise('Since 9:30 two tills refuse cards', now)).toEqual({ occurred: at(10, 10, 9, 30), affected: 'two tills' })
    expect(recognise('打印机没纸', now)).toEqual({})
  })
})

describe('titleOf', () => {
  it('is the first sentence, cut at a comma', () => {
    expect(titleOf('收银机坏了。请尽快')).toBe('收银机坏了')
    expect(titleOf('3 台收银机刷银行卡都提示“通讯超时”，现金和扫码正常，从早上 10 点开始，排队 20 多人，已经影响到晚高峰之前的准备工作，门店经理非常着急')).toBe('3 台收银机刷银行卡都提示“通讯超时”，现金和扫码正常，从早上 10 点开始，排队 20 多人')
  })
})
