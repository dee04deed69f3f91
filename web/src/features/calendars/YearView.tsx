import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { publicDaysQuery, type Spec } from '@/api/sla'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { IconButton } from '@/shared/ui/Button'
import { Announced } from './Announced'
import css from './calendars.module.css'
import { dayKinds, type DayKind } from './model'

/** Twelve months; holidays are sunken, make-up days marked. */
export function YearView({ spec, country }: { spec: Spec; country: boolean }) {
  const m = useM()
  const now = new Date(useNow())
  const [year, setYear] = useState(now.getFullYear())
  const days = useQuery({ ...publicDaysQuery(year), enabled: country })
  const kindOf = dayKinds(spec, (country && days.data?.days) || [])
  const months = Array.from({ length: 12 }, (_, i) => monthOf(year, i, kindOf))
  const open = months.flat().filter((d) => d.kind === 'open' || d.kind === 'makeUp').length
  const today = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`
  return (
    <section className={css.block} aria-labelledby="year">
      <div className={css.blockHead}>
        <h2 id="year">{m.calendars.yearView}</h2>
        <IconButton label={m.calendars.prevYear} icon={<ChevronLeft size={16} strokeWidth={1.75} />} disabled={year <= 2010} onClick={() => setYear(year - 1)} />
        <b className="num">{m.calendars.year(year)}</b>
        <IconButton label={m.calendars.nextYear} icon={<ChevronRight size={16} strokeWidth={1.75} />} onClick={() => setYear(year + 1)} />
      </div>
      {country && <Announced year={year} />}
      <div className={css.year}>
        {months.map((list, i) => (
          <table key={i} className={css.month}>
            <caption>{m.calendars.month(i + 1)}</caption>
            <thead><tr>{m.calendars.weekShort.map((w, k) => <th key={k} scope="col"><span aria-hidden>{w}</span><span className="sr">{m.promise.weekday[k]}</span></th>)}</tr></thead>
            <tbody>
              {weeksOf(list).map((w, k) => (
                <tr key={k}>
                  {w.map((d, j) => (d ? (
                    <td key={j} className={cx(css.cell, css[d.kind], d.date === today && css.today)} title={[m.calendars.dayIs[d.kind], d.name].filter(Boolean).join(' · ')}>
                      {d.day}
                      {d.kind === 'makeUp' && <i className={css.sign} aria-hidden>{m.calendars.marks.makeUp}</i>}
                      {d.kind === 'holiday' && <i className={css.sign} aria-hidden>{m.calendars.marks.holiday}</i>}
                      {d.kind !== 'open' && d.kind !== 'rest' && <span className="sr"> {m.calendars.dayIs[d.kind]} {d.name}</span>}
                    </td>
                  ) : <td key={j} />))}
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </div>
      <div className={css.legend}>
        {(['open', 'holiday', 'makeUp', 'rest'] as const).map((k) => <span key={k}><i className={cx(css.cell, css.swatch, css[k])} aria-hidden>{k === 'makeUp' || k === 'holiday' ? m.calendars.marks[k] : ''}</i>{m.calendars.legend[k]}</span>)}
        <span className="muted num">{m.calendars.total(open)}</span>
      </div>
    </section>
  )
}

interface Cell {
  date: string
  day: number
  kind: DayKind
  name: string
}
function monthOf(year: number, month: number, kindOf: ReturnType<typeof dayKinds>): Cell[] {
  const n = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Array.from({ length: n }, (_, i) => {
    const date = new Date(Date.UTC(year, month, i + 1)).toISOString().slice(0, 10)
    return { date, day: i + 1, ...kindOf(date) }
  })
}
function weeksOf(list: Cell[]): (Cell | null)[][] {
  const lead = list[0] ? (new Date(`${list[0].date}T00:00:00Z`).getUTCDay() + 6) % 7 : 0
  const cells: (Cell | null)[] = [...Array<null>(lead).fill(null), ...list]
  while (cells.length % 7 !== 0) cells.push(null)
  return Array.from({ length: cells.length / 7 }, (_, i) => cells.slice(i * 7, i * 7 + 7))
}
