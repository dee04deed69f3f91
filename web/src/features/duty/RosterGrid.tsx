import { DndContext, DragOverlay, PointerSensor, useDraggable, useDroppable, useSensor, useSensors, type DragEndEvent } from '@dnd-kit/core'
import { Check } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { Finding, Member } from '@/api/duty'
import { now as instantNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { Avatar } from '@/shared/ui/Person'
import { chipClass, useSentence, useWord } from './Chip'
import { away, coverOf, drop, ms, type Cell, type Kind, type Step } from './model'
import css from './roster.module.css'
import type { RosterSheet } from './useRoster'
import { addDays, dayOfMonth, instantAt, wall, weekday, type Day } from './zoned'

export interface Place {
  person: string
  day: Day
}

interface Props {
  data: RosterSheet
  days: Day[]
  within: (day: Day) => boolean
  findings: Finding[]
  editable: boolean
  label: string
  /** A shift was put on somebody's day. */
  onDrop: (cell: Cell, step: Step) => void
  /** The menu of a cell is wanted. */
  onMenu: (place: Place, cells: Cell[], anchor: HTMLElement) => void
  /** A key stands for adding or removing at once. */
  onKey: (place: Place, cells: Cell[], what: 'day' | 'night' | 'clear') => void
  onGap: (kind: Kind, day: Day) => void
  picked: Cell | null
  onPick: (cell: Cell | null) => void
  /** Somebody who may not arrange the roster asks for a swap from their own shifts. */
  own?: string
  onOwn?: (cell: Cell) => void
  /** The day to bring into view, and a number that changes with each wish. */
  look?: { day: Day; wish: number } | undefined
}

const key = (p: Place) => `${p.person}|${p.day}`

/** People × days, with the cover of each shift above. Whatever the mouse can do, the keys can do. */
export function RosterGrid({ data, days, within, findings, editable, label, onDrop, onMenu, onKey, onGap, picked, onPick, own: me, onOwn, look }: Props) {
  const m = useM()
  const { kinds, cells, people, zone, publicDays, absences, sheet } = data
  const box = useRef<HTMLDivElement>(null)
  const today = wall(instantNow(), zone).day
  const [focus, setFocus] = useState<Place | null>(null)
  const [dragged, setDragged] = useState<Cell | null>(null)
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 6 } }))
  const month = days.length > 14
  const at = useMemo(() => {
    const map = new Map<string, Cell[]>()
    for (const c of cells) {
      const k = key({ person: c.shift.person.id, day: c.day })
      map.set(k, [...(map.get(k) ?? []), c])
    }
    return map
  }, [cells])
  const here = focus && people.some((p) => p.id === focus.person) && days.includes(focus.day) ? focus : { person: people[0]?.id ?? '', day: days.includes(today) ? today : (days[0] ?? '') }

  useEffect(() => {
    if (!look) {
      box.current?.querySelector('[aria-current=date]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
      return
    }
    box.current?.querySelector<HTMLElement>(`[data-day="${look.day}"]`)?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [look])

  const go = (p: Place) => {
    setFocus(p)
    box.current?.querySelector<HTMLElement>(`[data-at="${CSS.escape(key(p))}"]`)?.focus()
  }
  const put = (cell: Cell, to: Place) => {
    onPick(null)
    onDrop(cell, drop(cell, to.person, to.day, cells, absences))
  }
  const onKeys = (e: KeyboardEvent<HTMLElement>, p: Place, own: Cell[]) => {
    const row = people.findIndex((x) => x.id === p.person), col = days.indexOf(p.day)
    const move: Record<string, Place | undefined> = {
      ArrowUp: people[row - 1] && { person: people[row - 1]?.id ?? '', day: p.day },
      ArrowDown: people[row + 1] && { person: people[row + 1]?.id ?? '', day: p.day },
      ArrowLeft: col > 0 ? { person: p.person, day: days[col - 1] ?? p.day } : undefined,
      ArrowRight: days[col + 1] ? { person: p.person, day: days[col + 1] ?? p.day } : undefined,
      Home: { person: p.person, day: days[0] ?? p.day },
      End: { person: p.person, day: days.at(-1) ?? p.day },
    }
    if (e.key in move) {
      e.preventDefault()
      const to = move[e.key]
      if (to) go(to)
      return
    }
    const asks = own.find((c) => c.shift.person.id === me && ms(c.shift.start) > instantNow())
    if (!editable && onOwn && asks && e.key === 'Enter') {
      e.preventDefault()
      e.stopPropagation()
      return onOwn(asks)
    }
    if (!editable || e.ctrlKey || e.metaKey || e.altKey) return
    const take = () => {
      e.preventDefault()
      e.stopPropagation()
    }
    if (e.key === 'Escape' && picked) {
      take()
      return onPick(null)
    }
    if (e.key === ' ') {
      take()
      if (picked) return put(picked, p)
      return own[0] ? onPick(own[0]) : undefined
    }
    if (e.key === 'Enter') {
      take()
      return picked ? put(picked, p) : onMenu(p, own, e.currentTarget)
    }
    const what = { d: 'day', n: 'night', delete: 'clear', backspace: 'clear' }[e.key.toLowerCase()] as 'day' | 'night' | 'clear' | undefined
    if (what) {
      take()
      onKey(p, own, what)
    }
  }
  const onEnd = (e: DragEndEvent) => {
    setDragged(null)
    const cell = e.active.data.current?.cell as Cell | undefined
    const to = e.over?.data.current?.place as Place | undefined
    if (cell && to) put(cell, to)
  }
  const carried = dragged ?? picked
  const troubled = new Set(findings.filter((f) => f.person && ['unreachable', 'left', 'not_in_team'].includes(f.code)).map((f) => f.person?.id))

  return (
    <DndContext sensors={sensors} onDragStart={(e) => setDragged((e.active.data.current?.cell as Cell | undefined) ?? null)} onDragEnd={onEnd} onDragCancel={() => setDragged(null)} accessibility={{ screenReaderInstructions: { draggable: m.duty.gridHint } }}>
      <div className={css.scroll} ref={box} data-wide="">
        <table className={cx(css.grid, month && css.month)} role="grid" aria-label={label} style={{ ['--days' as string]: days.length }}>
          <thead>
            <tr role="row">
              <th scope="col" className={css.corner}>{m.duty.peopleShifts}</th>
              {days.map((d) => <DayHead key={d} day={d} today={d === today} off={offDay(d, publicDays)} name={publicDays.get(d)} />)}
            </tr>
            {kinds.map((k) => (
              <tr key={k.index} role="row" className={css.cover}>
                <th scope="row"><b>{k.name}</b> <span className="num">{k.from}–{k.to}</span></th>
                {days.map((d) => {
                  const c = sheet.data && within(d) ? coverOf(k, d, zone, sheet.data) : { state: 'none' as const }
                  return (
                    <td key={d} role="gridcell" className={cx(d === today && css.today, offDay(d, publicDays) && css.off)}>
                      {c.state === 'ok' && <Check size={14} strokeWidth={1.75} className={css.ok} role="img" aria-label={m.duty.covered} />}
                      {c.state === 'gap' && (editable
                        ? <button type="button" className={css.gap} onClick={() => onGap(k, d)} aria-label={m.duty.gapOn(k.name, dayOfMonth(d))}>{month ? m.duty.gapShort : m.duty.gapWord}</button>
                        : <span className={css.gap}>{month ? m.duty.gapShort : m.duty.gapWord}</span>)}
                    </td>
                  )
                })}
              </tr>
            ))}
          </thead>
          <tbody>
            {people.map((p) => (
              <tr key={p.id} role="row">
                <PersonHead person={p} cells={cells} troubled={troubled.has(p.id)} />
                {days.map((d) => {
                  const place = { person: p.id, day: d }
                  const own = at.get(key(place)) ?? []
                  const absence = away(absences, p.id, instantAt(d, '00:00', zone), instantAt(addDays(d, 1), '00:00', zone))
                  return (
                    <Box
                      key={d}
                      place={place}
                      own={own}
                      absent={!!absence}
                      focusable={here.person === p.id && here.day === d}
                      today={d === today}
                      off={offDay(d, publicDays)}
                      outside={!within(d)}
                      editable={editable}
                      short={month}
                      blocked={troubled.has(p.id)}
                      picked={picked}
                      step={carried ? drop(carried, p.id, d, cells, absences) : null}
                      name={p.name}
                      onFocus={() => setFocus(place)}
                      onKeys={(e) => onKeys(e, place, own)}
                      onPress={editable ? (el) => (picked ? put(picked, place) : onMenu(place, own, el)) : onOwn && own.some((c) => c.shift.person.id === me && ms(c.shift.start) > instantNow()) ? () => own[0] && onOwn(own[0]) : undefined}
                    />
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <DragOverlay dropAnimation={null}>{dragged && <Ghost cell={dragged} short={month} />}</DragOverlay>
    </DndContext>
  )
}

const offDay = (d: Day, days: RosterSheet['publicDays']) => days.get(d)?.off ?? (weekday(d) % 6 === 0)

function DayHead({ day, today, off, name }: { day: Day; today: boolean; off: boolean; name: { off: boolean; name: string } | undefined }) {
  const m = useM()
  const word = name ? (name.off ? name.name.replace(/节$/, '').slice(0, 2) : m.duty.makeUp) : m.duty.wd[weekday(day)]
  return (
    <th scope="col" className={cx(css.dayHead, today && css.today, off && css.off)} data-day={day} aria-current={today ? 'date' : undefined} title={name ? (name.off ? name.name : m.duty.makeUpFor(name.name)) : undefined}>
      <span className={css.n}>{dayOfMonth(day)}</span>
      <span className={cx(css.wd, name && !name.off && css.makeUp)}>{word}</span>
    </th>
  )
}

function PersonHead({ person, cells, troubled }: { person: Member; cells: Cell[]; troubled: boolean }) {
  const m = useM()
  const own = cells.filter((c) => c.shift.person.id === person.id)
  const n = (mark: string) => own.filter((c) => (c.kind?.mark ?? 'other') === mark).length
  const parts = [n('day') && m.duty.days(n('day')), n('night') && m.duty.nights(n('night')), n('other') && m.duty.shiftsN(n('other'))].filter(Boolean)
  return (
    <th scope="row" className={css.person}>
      <Avatar name={person.name} size={24} />
      <span>
        <span className={css.name}>{person.name}</span>
        <span className={cx(css.sum, 'num', troubled && css.red)}>{troubled && !person.reachable ? m.duty.unreachable : parts.length ? parts.join(' ') : m.duty.noShift}</span>
      </span>
    </th>
  )
}

interface BoxProps {
  place: Place
  own: Cell[]
  absent: boolean
  focusable: boolean
  today: boolean
  off: boolean
  outside: boolean
  editable: boolean
  short: boolean
  blocked: boolean
  picked: Cell | null
  step: Step | null
  name: string
  onFocus: () => void
  onKeys: (e: KeyboardEvent<HTMLElement>) => void
  onPress: ((el: HTMLElement) => void) | undefined
}

function Box({ place, own, absent, focusable, today, off, outside, editable, short, blocked, picked, step, name, onFocus, onKeys, onPress }: BoxProps) {
  const m = useM()
  const sentence = useSentence()
  const { setNodeRef, isOver } = useDroppable({ id: key(place), data: { place }, disabled: !editable })
  const says = own.length ? own.map(sentence).join(m.app.listSep) : absent ? m.duty.onLeave : m.duty.free
  const look = step && step.kind !== 'nothing' ? (step.kind === 'refused' ? css.no : css.may) : undefined
  return (
    <td
      ref={setNodeRef}
      role="gridcell"
      data-at={key(place)}
      tabIndex={focusable ? 0 : -1}
      aria-label={`${name} ${m.duty.dayName(place.day)}: ${says}`}
      className={cx(css.cell, onPress && css.press, today && css.today, off && css.off, outside && css.outside, look, isOver && css.over)}
      onFocus={onFocus}
      onKeyDown={onKeys}
      onClick={onPress && ((e) => onPress(e.currentTarget))}
    >
      {absent && <span className={css.leave}>{own.length === 0 && m.duty.leaveShort}</span>}
      {own.map((c) => <ShiftChip key={c.shift.start + c.shift.name} cell={c} short={short} editable={editable} blocked={blocked} held={picked === c} />)}
    </td>
  )
}

function ShiftChip({ cell, short, editable, blocked, held }: { cell: Cell; short: boolean; editable: boolean; blocked: boolean; held: boolean }) {
  const word = useWord(short)
  const sentence = useSentence()
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: `${cell.shift.person.id}|${cell.shift.start}|${cell.shift.name}`, data: { cell }, disabled: !editable || ms(cell.shift.end) < instantNow() })
  return (
    <span ref={setNodeRef} {...listeners} className={cx(chipClass(cell, { blocked }), held && css.held, isDragging && css.dragging)} title={sentence(cell)} aria-hidden>
      {word(cell)}
    </span>
  )
}

function Ghost({ cell, short }: { cell: Cell; short: boolean }) {
  const word = useWord(short)
  return <span className={cx(chipClass(cell), css.ghost)}>{word(cell)}</span>
}
