// Times as people say them: "17:00", "明早", "2 小时内", "tomorrow 9am". Read in the reader's own time zone.

const MIN = 60_000
const HOUR = 60 * MIN
const DAY = 24 * HOUR

const digits: Record<string, number> = { 零: 0, 〇: 0, 一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 }
const days: Record<string, number> = { 日: 0, 天: 0, 一: 1, 二: 2, 三: 3, 四: 4, 五: 5, 六: 6 }
const englishDays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** 十二 → 12, 半 → 0.5, "1.5" → 1.5. */
function amount(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  if (text === '半') return 0.5
  if (text === 'a' || text === 'an' || text === 'one') return 1
  const tens = /^([一二两三四五六七八九])?十([一二三四五六七八九])?$/.exec(text)
  if (tens) return (tens[1] ? (digits[tens[1]] ?? 1) : 1) * 10 + (tens[2] ? (digits[tens[2]] ?? 0) : 0)
  return text.length === 1 && text in digits ? (digits[text] ?? null) : null
}

/** Full-width signs, spaces between Chinese, and Chinese numbers before units become plain. */
function normal(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[：]/g, ':')
    .replace(/[，,。；;]/g, ' ')
    .replace(/[０-９]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/(?<=[一-鿿\d])\s+(?=[一-鿿])|(?<=[一-鿿])\s+(?=\d)/g, '')
    .replace(/[零一二两三四五六七八九十]+(?=点|时(?!间)|小时|个|分|刻|天|日|号|月|周后|周内)/g, (n) => String(amount(n) ?? n))
    .replace(/\s+/g, ' ')
}

const units: [RegExp, number][] = [
  [/^(分钟|分|m|min|mins|minute|minutes)$/, MIN],
  [/^(小时|钟头|时|h|hr|hrs|hour|hours)$/, HOUR],
  [/^(天|日|d|day|days)$/, DAY],
  [/^(周|星期|礼拜|w|week|weeks)$/, 7 * DAY],
]
const unitOf = (text: string) => units.find(([r]) => r.test(text))?.[1] ?? 0

/** "2小时", "1h30m", "1个半小时", "half an hour": a length, or null. */
function length(text: string): number | null {
  const t = text.replace(/^(in|within|about|大约|约)\s*/, '').trim()
  if (/^(half an hour|半个?(小时|钟头))$/.test(t)) return HOUR / 2
  const half = /^(\d+)个?半(小时|钟头)$/.exec(t)
  if (half) return (Number(half[1]) + 0.5) * HOUR
  if (/^半天$/.test(t)) return 4 * HOUR
  if (/^1?刻钟$/.test(t)) return 15 * MIN
  let rest = t, total = 0, found = false
  for (;;) {
    const part = /^(\d+(?:\.\d+)?|an?|one)\s*个?\s*(分钟|分|小时|钟头|天|日|周|星期|礼拜|minutes|minute|mins|min|m|hours|hour|hrs|hr|h|days|day|d|weeks|week|w)(?![a-z])\s*(and|又|零)?\s*/.exec(rest)
    if (!part) {
      // "1h30m" without a space after the h
      const tight = /^(\d+)h(?=\d)/.exec(rest)
      if (!tight) break
      total += Number(tight[1]) * HOUR
      rest = rest.slice(tight[0].length)
      found = true
      continue
    }
    total += (amount(part[1] ?? '') ?? 0) * unitOf(part[2] ?? '')
    rest = rest.slice(part[0].length)
    found = true
  }
  return found && rest.trim() === '' ? total : null
}

interface Reading {
  /** Days from today, or a date. */
  offset?: number
  date?: { y?: number; mo: number; d: number }
  /** A weekday; `next` is that of the week after this one. */
  weekday?: { n: number; next: boolean }
  hour?: number
  minute?: number
  /** The hour is surely of the 24-hour clock or has its half of the day. */
  sure?: boolean
}

const parts: [RegExp, number, 'am' | 'pm'][] = [
  [/凌晨|清晨|early/, 6, 'am'], [/早上|早晨|上午一早|一早|早(?!些)|morning/, 9, 'am'], [/上午/, 12, 'am'], [/中午|noon|midday/, 12, 'pm'],
  [/下午|afternoon/, 18, 'pm'], [/傍晚/, 18, 'pm'], [/晚上|今晚|夜里|晚|evening|tonight|night/, 21, 'pm'], [/下班前?|end of day|eod|close of business|cob/, 18, 'pm'],
]

function read(text: string): Reading | null {
  let t = ` ${text} `
  const r: Reading = {}
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const found = pattern.exec(t)
    if (found) t = `${t.slice(0, found.index)} ${t.slice(found.index + found[0].length)}`
    return found
  }
  take(/\b(by|before|until|at|around|about|on|from|since|no later than)\b/)
  take(/(之前|以前|左右|前后|前|开始|起)(?=\s*$)/)

  let found = take(/(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?/)
  if (found) r.date = { y: Number(found[1]), mo: Number(found[2]), d: Number(found[3]) }
  else if ((found = take(/(\d{1,2})月(\d{1,2})[日号]?/) ?? take(/(?<![\d:])(\d{1,2})[-/](\d{1,2})(?![\d:])/))) r.date = { mo: Number(found[1]), d: Number(found[2]) }
  else if ((found = take(/(?<!\d)(\d{1,2})[号日](?!\d)/))) r.date = { mo: 0, d: Number(found[1]) }
  else if ((found = take(new RegExp(`\\b(${months.join('|')})[a-z]*\\.? (\\d{1,2})(st|nd|rd|th)?(?![\\d:])`)))) r.date = { mo: months.indexOf(found[1] ?? '') + 1, d: Number(found[2]) }
  else if ((found = take(new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)? (${months.join('|')})[a-z]*\\b`)))) r.date = { mo: months.indexOf(found[2] ?? '') + 1, d: Number(found[1]) }
  else if (take(/大后天/)) r.offset = 3
  else if (take(/后天|\bday after tomorrow\b/)) r.offset = 2
  else if (take(/前天/)) r.offset = -2
  else if (take(/昨(天|日)|yesterday/)) r.offset = -1
  else if (take(/昨(?=晚|夜)/)) r.offset = -1
  else if (take(/明(天|日)|\btomorrow\b|\btmrw?\b|\btmr\b/)) r.offset = 1
  else if (take(/明(?=早|晚|上午|中午|下午)/)) r.offset = 1
  else if (take(/今(天|日)|\btoday\b|\bthis(?= (morning|afternoon|evening))/)) r.offset = 0
  else if (/tonight/.test(t)) r.offset = 0
  else if (take(/今(?=早|晚|夜)/)) r.offset = 0
  else if ((found = take(/(下个?)?(?:周|星期|礼拜)([一二三四五六日天])/))) r.weekday = { n: days[found[2] ?? ''] ?? 0, next: !!found[1] }
  else if ((found = take(new RegExp(`\\b(next )?(${englishDays.join('|')})[a-z]*\\b`)))) r.weekday = { n: englishDays.indexOf(found[2] ?? ''), next: false }

  let half: 'am' | 'pm' | null = null
  let standard: number | null = null
  for (const [pattern, hour, side] of parts) {
    if (take(pattern)) {
      half = side
      standard = hour
      break
    }
  }
  if ((found = take(/(?<!\d)(\d{1,2}):(\d{2})\s*(am|pm)?/))) {
    r.hour = Number(found[1])
    r.minute = Number(found[2])
    r.sure = (found[1] ?? '').length === 2 || r.hour > 12
    if (found[3]) half = found[3] as 'am' | 'pm'
  } else if ((found = take(/(?<!\d)(\d{1,2})[点时](半|([1-3])刻|(\d{1,2})分?|整|钟)?/))) {
    r.hour = Number(found[1])
    r.minute = found[2] === '半' ? 30 : found[3] ? Number(found[3]) * 15 : found[4] ? Number(found[4]) : 0
    r.sure = r.hour > 12
  } else if ((found = take(/(?<!\d)(\d{1,2})\s*(am|pm)\b/))) {
    r.hour = Number(found[1])
    r.minute = 0
    half = found[2] as 'am' | 'pm'
  } else if ((half || r.offset !== undefined || r.weekday || r.date) && (found = take(/(?<!\d)(\d{1,2})(?= *$)/))) {
    r.hour = Number(found[1])
    r.minute = 0
    r.sure = r.hour > 12
  }
  if (t.replace(/[的钟\s]/g, '') !== '') return null
  if (r.hour === undefined) {
    if (standard !== null) {
      r.hour = standard
      r.minute = 0
      r.sure = true
    }
  } else if (half) {
    if (half === 'pm' && r.hour < 12 && !(standard === 12 && r.hour >= 10)) r.hour += 12
    if (half === 'am' && r.hour === 12 && standard === null) r.hour = 0
    r.sure = true
  }
  if (r.hour === undefined && r.offset === undefined && !r.weekday && !r.date) return null
  if ((r.hour ?? 0) > 24 || (r.minute ?? 0) > 59) return null
  return r
}

function valid(at: Date, mo: number, d: number) {
  return at.getMonth() === mo - 1 && at.getDate() === d
}

function resolve(r: Reading, now: number, ahead: boolean): number | null {
  const today = new Date(now)
  const at = (y: number, mo: number, d: number, h: number, min: number) => new Date(y, mo, d, h, min, 0, 0).getTime()
  const y = today.getFullYear(), mo = today.getMonth(), d = today.getDate()
  const fits = (t: number) => (ahead ? t > now : t <= now)
  const bare = r.hour === undefined
  const hour = r.hour ?? (ahead ? 18 : 9)
  const minute = r.minute ?? 0
  // "5 点" said at two in the afternoon is five in the afternoon.
  const hours = r.sure || hour > 12 || bare ? [hour] : ahead ? [hour, hour + 12] : [hour + 12, hour]

  if (r.date) {
    const month = r.date.mo === 0 ? mo : r.date.mo - 1
    for (const shift of r.date.y ? [0] : ahead ? [0, 1] : [0, -1]) {
      const year = (r.date.y ?? y) + (r.date.mo === 0 ? 0 : shift)
      const monthNow = r.date.mo === 0 ? month + shift : month
      const day = new Date(year, monthNow, r.date.d)
      if (!valid(day, day.getMonth() + 1, r.date.d)) continue
      const t = at(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute)
      if (fits(t)) return t
    }
    return null
  }
  if (r.weekday) {
    const monday = d - ((today.getDay() + 6) % 7) + (r.weekday.next ? 7 : 0)
    const day = monday + ((r.weekday.n + 6) % 7)
    const t = at(y, mo, day, hour, minute)
    if (fits(t)) return t
    return r.weekday.next ? null : at(y, mo, day + (ahead ? 7 : -7), hour, minute)
  }
  if (r.offset !== undefined) {
    if (r.offset === 0) {
      for (const h of hours) {
        const t = at(y, mo, d, h, minute)
        if (fits(t)) return t
      }
      return bare ? at(y, mo, d, 23, 59) : null
    }
    const t = at(y, mo, d + r.offset, hours[0] ?? hour, minute)
    return fits(t) ? t : null
  }
  for (const shift of ahead ? [0, 1] : [0, -1]) {
    for (const h of hours) {
      if (h > 24) continue
      const t = at(y, mo, d + shift, h, minute)
      if (fits(t)) return t
    }
  }
  return null
}

/** When something shall be done: an instant after `now`, or null when it is not understood. */
export function when(text: string, now: number): number | null {
  const t = normal(text)
  if (!t) return null
  const bare = t.replace(/(之内|以内|内|之后|以后|后|后?前)$/, '').replace(/ (from now|later)$/, '')
  const span = length(bare)
  if (span !== null) return span > 0 && span <= 400 * DAY ? Math.ceil((now + span) / MIN) * MIN : null
  const r = read(t)
  return r ? resolve(r, now, true) : null
}

/** When something happened: an instant not after `now`, or null. */
export function since(text: string, now: number): number | null {
  const t = normal(text)
  if (!t) return null
  const ago = /^(.+?)(之前|以前|前| ago)$/.exec(t)
  if (ago) {
    const span = length(ago[1] ?? '')
    if (span !== null) return span <= 400 * DAY ? Math.floor((now - span) / MIN) * MIN : null
  }
  const r = read(t)
  return r ? resolve(r, now, false) : null
}

const day = '(?:今天|昨天|前天|今早|今晚|昨晚|today|yesterday)'
const part = '(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里)'
const clockText = '(?:\\d{1,2}[:：]\\d{2}|[\\d一二两三四五六七八九十]{1,3}\\s*点(?:半|\\s*\\d{1,2}\\s*分?|一刻|三刻)?)'
const occurred = [
  new RegExp(`(?:从|自|打)\\s*(${day}?\\s*${part}?\\s*${clockText})`),
  new RegExp(`(${day}?\\s*${part}?\\s*${clockText})\\s*(?:开始|起|左右|突然|就)`),
  new RegExp(`(${day}\\s*${part}?\\s*${clockText})`),
  /((?:\d+|半|[一二两三四五六七八九十]+)\s*个?半?\s*(?:分钟|小时|天)\s*(?:之前|以前|前))/,
  /\b(?:since|from)\s+((?:today|yesterday)?\s*\d{1,2}(?::\d{2})?\s*(?:am|pm)?)(?=\W|$)/i,
  /\b((?:\d+|an?|half an)\s+(?:minutes?|mins?|hours?|days?) ago)\b/i,
]
const things = '收银机|电脑|终端|打印机|服务器|交换机|路由器|摄像头|显示器|扫码枪|设备|窗口|门店|分店|网点|科室|用户|员工|工位|手机|座机|专线|系统|POS机?|PC|pos机?'
const affected = [
  new RegExp(`((?:\\d+|[一二两三四五六七八九十几]+)\\s*多?\\s*(?:台|个|套|部|间|家|条|名|位)\\s*(?:${things}))`),
  /((?:\d+|[二两三四五六七八九十几]+)\s*多?\s*(?:名员工|个人|人)(?=用不了|不能|受|都|无法|没法))/,
  /\b((?:\d+|two|three|four|five|six|all)\s+(?:tills?|computers?|pcs?|printers?|servers?|users?|people|terminals?|stores?|screens?|phones?))\b/i,
]

/** What a description says by the way: since when, and what is affected. */
export function recognise(text: string, now: number): { occurred?: number; affected?: string } {
  const out: { occurred?: number; affected?: string } = {}
  for (const pattern of occurred) {
    const at = since(pattern.exec(text)?.[1] ?? '', now)
    if (at !== null && now - at < 30 * DAY) {
      out.occurred = at
      break
    }
  }
  for (const pattern of affected) {
    const found = pattern.exec(text)?.[1]
    if (found) {
      out.affected = found.replace(/\s+/g, ' ').trim()
      break
    }
  }
  return out
}

/** The first sentence of a description as a title. */
export function titleOf(text: string): string {
  const first = text.trim().split(/[。！？；!?;\n]|\.\s/)[0]?.trim() ?? ''
  if (first.length <= 60) return first
  const cut = first.slice(0, 60)
  const comma = Math.max(cut.lastIndexOf('，'), cut.lastIndexOf(','), cut.lastIndexOf('、'))
  return (comma > 16 ? cut.slice(0, comma) : cut).trim()
}
