import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { Summary } from '@/api/types'
import { useNow } from '../lib/clock'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { Checkbox } from '../ui/Checkbox'
import { PriorityMark } from '../ui/PriorityMark'
import type { Column } from './columns'
import css from './ListTable.module.css'

interface Props {
  label: string
  rows: Summary[]
  columns: Column[]
  /** The row the keys act on. */
  cursor: number
  onCursor: (i: number) => void
  chosen?: Set<string> | undefined
  onChoose?: ((numbers: Set<string>) => void) | undefined
  onOpen: (r: Summary) => void
  fresh?: Set<string>
  onEnd?: () => void
  /** How much room there is: columns that matter less give way to the title. */
  width?: number
  comfortable?: boolean
}

const keep = ['number', 'title', 'state', 'promise']
const last = ['assignee', 'customer', 'priority']

/** Leaves columns out until the title has room to be read. */
function fit(columns: Column[], width: number, check: boolean): Column[] {
  if (width < 721) return columns
  let shown = columns
  const room = () => width - 30 - (check ? 38 : 0) - shown.reduce((n, c) => n + (c.width ?? 0), 0)
  const droppable = [...columns].reverse().filter((c) => !keep.includes(c.name)).sort((a, b) => Number(last.includes(a.name)) - Number(last.includes(b.name)))
  for (const c of droppable) {
    if (room() >= 200) break
    shown = shown.filter((x) => x !== c)
  }
  return shown
}

/** The one list of records: a table with fixed widths, the title takes the slack. */
export function ListTable({ label, rows, columns: wanted, cursor, onCursor, chosen, onChoose, onOpen, fresh, onEnd, width, comfortable }: Props) {
  const columns = fit(wanted, width ?? 0, !!chosen)
  const m = useM()
  const now = useNow()
  const body = useRef<HTMLTableSectionElement>(null)
  const end = useRef<HTMLDivElement>(null)
  const anchor = useRef(-1)

  useEffect(() => {
    body.current?.children[cursor]?.scrollIntoView({ block: 'nearest' })
  }, [cursor])
  useEffect(() => {
    const el = end.current
    if (!el || !onEnd) return
    const seen = new IntersectionObserver((e) => e[0]?.isIntersecting && onEnd(), { rootMargin: '600px' })
    seen.observe(el)
    return () => seen.disconnect()
  }, [onEnd, rows.length])

  const toggle = (i: number, range: boolean) => {
    if (!chosen || !onChoose) return
    const next = new Set(chosen)
    const number = rows[i]?.number
    if (!number) return
    if (range && anchor.current >= 0) for (const r of rows.slice(Math.min(i, anchor.current), Math.max(i, anchor.current) + 1)) next.add(r.number)
    else if (next.has(number)) next.delete(number)
    else next.add(number)
    anchor.current = i
    onChoose(next)
  }
  const all = !!chosen && rows.length > 0 && rows.every((r) => chosen.has(r.number))
  return (
    <>
      <table className={cx(css.table, comfortable && css.comfortable)} aria-label={label}>
        <colgroup>
          {chosen && <col style={{ width: 38 }} />}
          <col style={{ width: chosen ? 30 : 42 }} />
          {columns.map((c) => <col key={c.name} style={c.width ? { width: c.width } : undefined} />)}
        </colgroup>
        <thead>
          <tr>
            {chosen && (
              <th scope="col" className={css.check}>
                <Checkbox label={m.list.chooseAll} hideLabel checked={all} some={!all && chosen.size > 0} onChange={() => onChoose?.(all ? new Set() : new Set(rows.map((r) => r.number)))} />
              </th>
            )}
            <th scope="col"><span className="sr">{m.fields.priority}</span></th>
            {columns.map((c) => <th key={c.name} scope="col" className="clip">{c.label}</th>)}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((r, i) => (
            <tr
              key={r.number}
              className={cx(css.row, i === cursor && css.cursor, chosen?.has(r.number) && css.chosen, fresh?.has(r.number) && css.fresh, r.priority?.mark === 'urgent' && css.urgent)}
              aria-selected={chosen?.has(r.number)}
              onClick={(e) => {
                if ((e.target as Element).closest('a, label, button, input')) return
                if (e.shiftKey && chosen) return toggle(i, true)
                onCursor(i)
                onOpen(r)
              }}
            >
              {chosen && (
                <td className={css.check}>
                  <Checkbox label={m.list.choose(r.number)} hideLabel checked={chosen.has(r.number)} onChange={() => {}} onClick={(e) => toggle(i, e.shiftKey)} />
                </td>
              )}
              <td className={css.mark}>{r.priority && <PriorityMark mark={r.priority.mark} label={r.priority.label} bare />}</td>
              {columns.map((c) => (
                <td key={c.name} data-col={c.name}>
                  {c.name === 'title' ? <Link to="/r/$number" params={{ number: r.number }} className={css.title} tabIndex={i === cursor ? 0 : -1} onFocus={() => onCursor(i)}>{c.cell(r, now)}</Link> : c.cell(r, now)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div ref={end} />
    </>
  )
}
