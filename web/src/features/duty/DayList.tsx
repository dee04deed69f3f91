import { Phone } from 'lucide-react'
import { now as instantNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { chipClass, useSentence, useWord } from './Chip'
import { coverOf, type Cell } from './model'
import css from './roster.module.css'
import type { Place } from './RosterGrid'
import type { RosterSheet } from './useRoster'
import { wall, type Day } from './zoned'

interface Props {
  data: RosterSheet
  days: Day[]
  within: (day: Day) => boolean
  editable: boolean
  onMenu: (place: Place, cells: Cell[], anchor: HTMLElement) => void
  picked: Cell | null
  onDropOn: (place: Place) => void
}

/** The roster on a phone: one day below the other, each with its shifts and who can be called. */
export function DayList({ data, days, within, editable, onMenu, picked, onDropOn }: Props) {
  const m = useM()
  const word = useWord(true)
  const sentence = useSentence()
  const today = wall(instantNow(), data.zone).day
  return (
    <ol className={css.days}>
      {days.filter(within).map((d) => {
        const cells = data.cells.filter((c) => c.day === d)
        const name = data.publicDays.get(d)
        return (
          <li key={d} className={css.dayRow} data-today={d === today ? '' : undefined} data-day={d}>
            <h2 className={css.dayTitle}>{m.duty.dayName(d)} <span>{name ? (name.off ? name.name : m.duty.makeUp) : ''}{d === today ? ` ${m.app.today}` : ''}</span></h2>
            {data.kinds.map((k) => {
              const c = data.sheet.data ? coverOf(k, d, data.zone, data.sheet.data) : undefined
              return c?.state === 'gap' && <div key={k.index} className={css.entry}><span className={css.gap}>{m.duty.gapWord}</span> {k.name} <span className="num sub">{k.from}–{k.to}</span></div>
            })}
            {cells.map((c) => {
              const person = data.people.find((p) => p.id === c.shift.person.id)
              const place = { person: c.shift.person.id, day: d }
              return (
                <div key={c.shift.start + c.shift.person.id} className={css.entry}>
                  <span className={cx(chipClass(c))} title={sentence(c)} aria-hidden>{word(c)}</span>
                  {editable
                    ? <button type="button" className="grow" onClick={(e) => (picked ? onDropOn(place) : onMenu(place, cells.filter((x) => x.shift.person.id === place.person), e.currentTarget))} aria-label={`${c.shift.person.name} ${sentence(c)}`}><b>{c.shift.person.name}</b> <span className="num sub">{c.from}–{c.to}</span></button>
                    : <span className="grow"><b>{c.shift.person.name}</b> <span className="num sub">{c.from}–{c.to}</span></span>}
                  {person?.phone && <a href={`tel:${person.phone}`} aria-label={m.duty.call(person.name)} className={css.call}><Phone size={18} strokeWidth={1.75} /></a>}
                </div>
              )
            })}
            {cells.length === 0 && <p className="muted">{m.duty.noShift}</p>}
          </li>
        )
      })}
    </ol>
  )
}
