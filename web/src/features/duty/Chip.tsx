import { cx } from '@/shared/lib/cx'
import { useLang, useM } from '@/shared/lib/i18n'
import type { Cell } from './model'
import css from './roster.module.css'

/** The short word of a shift: 白, 夜; its times where only a part of it is left. */
export function useWord(short: boolean) {
  const lang = useLang()
  const m = useM()
  return (c: Cell) => {
    if (c.part === 'from') return c.from
    if (c.part === 'to') return `–${c.to}`
    const name = c.kind?.name ?? c.shift.name
    if (!name) return m.duty.shift
    if (/\p{Script=Han}/u.test(name)) return [...name][0] ?? name
    return short && lang === 'en-US' ? (name[0] ?? name) : name.slice(0, 6)
  }
}

export const chipClass = (c: Cell, more: { blocked?: boolean; late?: boolean } = {}) =>
  cx(css.chip, css[c.kind?.mark ?? 'other'], c.holiday && css.festive, (c.shift.why === 'override' || c.shift.why === 'substitute') && css.swapped, more.blocked && css.blocked, (c.shift.missed || more.late) && css.missed)

/** All of a shift in one sentence, for readers and titles. */
export function useSentence() {
  const m = useM()
  return (c: Cell) =>
    [
      `${c.kind?.name ?? (c.shift.name || m.duty.shift)} ${c.from}–${c.to}`,
      c.holiday && m.duty.holidayShift,
      c.shift.instead && m.duty.instead(c.shift.instead.name),
      c.shift.missed && m.duty.missed,
      c.shift.late_minutes > 0 && m.duty.late(c.shift.late_minutes),
      c.shift.record,
    ].filter(Boolean).join(m.duty.comma)
}
