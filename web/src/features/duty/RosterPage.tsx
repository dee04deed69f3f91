import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CalendarPlus, ChevronLeft, ChevronRight, Download, Lock, Pencil, Plane } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { rosterQuery, type Roster } from '@/api/duty'
import { useSession } from '@/api/session'
import { now as instantNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { useCommands } from '@/shared/lib/palette'
import { moment } from '@/shared/lib/time'
import { useWidth } from '@/shared/lib/useWidth'
import { Button, ButtonTo, IconButton } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Kbd } from '@/shared/ui/Kbd'
import { MenuList, type MenuGroup } from '@/shared/ui/Menu'
import { Popover } from '@/shared/ui/Popover'
import { ViewTabs } from '@/shared/ui/Tabs'
import { toast } from '@/shared/ui/Toast'
import { CheckPanel, NowPanel, SwapsPanel } from './CheckPanel'
import { chipClass, useSentence } from './Chip'
import { DayList } from './DayList'
import { FeedDialog } from './FeedDialog'
import { away, coverOf, csv, drop, iso, ms, save, spanOf, type Cell, type Kind, type Step } from './model'
import { PublishDialog } from './PublishDialog'
import { RosterEdit } from './RosterEdit'
import { RosterGrid, type Place } from './RosterGrid'
import css from './roster.module.css'
import { SwapDialog } from './SwapDialog'
import { useRosterChanges, useRosterSheet, type RosterSheet } from './useRoster'
import { daysOf, isDay, monthOf, turn, wall, yearOf, type Day, type View } from './zoned'

/** A month of days is too long a list on a phone. */
const narrow = matchMedia('(max-width: 720px)').matches
const icon = { size: 15, strokeWidth: 1.75, 'aria-hidden': true } as const

export interface RosterSearch {
  view?: string
  from?: string
  show?: string
}

/** One roster as a calendar. */
export function RosterPage({ id, search, onSearch }: { id: string; search: RosterSearch; onSearch: (s: RosterSearch) => void }) {
  const query = useQuery(rosterQuery(id))
  if (query.isPending) return <Skeleton rows={10} />
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  return <Calendar roster={query.data} search={search} onSearch={onSearch} />
}

/** The day a roster is first looked at: today, or its beginning when that is still to come, or its end when it is over. */
function opening(roster: Roster): Day {
  const today = wall(instantNow(), roster.body.timezone).day
  const { valid_from: a, valid_to: b } = roster.body
  return a && a > today ? a : b && b < today ? b : today
}

function Calendar({ roster, search, onSearch }: { roster: Roster; search: RosterSearch; onSearch: (s: RosterSearch) => void }) {
  const m = useM()
  const navigate = useNavigate()
  const { ref, width } = useWidth<HTMLDivElement>()
  const view: View = search.view === 'week' || search.view === 'fortnight' || search.view === 'month' ? search.view : narrow ? 'week' : 'month'
  const around = isDay(search.from) ? search.from : opening(roster)
  const days = useMemo(() => daysOf(view, around), [view, around])
  const draft = roster.published === 0 || (roster.changed && search.show !== 'published')
  const data = useRosterSheet(roster, days, draft)
  const changes = useRosterChanges(roster)
  const [menu, setMenu] = useState<{ place: Place; cells: Cell[] } | null>(null)
  const anchor = useRef<HTMLElement>(null)
  const [picked, setPicked] = useState<Cell | null>(null)
  const [open, setOpen] = useState<'publish' | 'edit' | 'feed' | null>(null)
  const [swap, setSwap] = useState<string | null>(null)
  const me = useSession().person.id
  const [look, setLook] = useState<{ day: Day; wish: number }>()
  const may = roster.may_manage && roster.status === 'active'
  const { zone, kinds, people, absences, sheet, check } = data
  const within = (d: Day) => (!roster.body.valid_from || d >= roster.body.valid_from) && (!roster.body.valid_to || d <= roster.body.valid_to)
  const findings = check.data?.findings ?? []
  const hard = findings.filter((f) => f.hard).length
  const go = (next: Partial<RosterSearch>) => onSearch({ ...search, ...next })
  const goDay = (day: Day) => {
    if (!days.includes(day)) go({ from: day })
    setLook({ day, wish: (look?.wish ?? 0) + 1 })
  }
  useKeys([
    { keys: '[', label: m.duty.before, group: m.duty.roster, run: () => go({ from: turn(view, around, -1) }) },
    { keys: ']', label: m.duty.after, group: m.duty.roster, run: () => go({ from: turn(view, around, 1) }) },
  ])
  useCommands([
    ...(may ? [{ id: 'roster-publish', label: m.duty.publishN(roster.published + 1), run: () => setOpen('publish') }, { id: 'roster-edit', label: m.duty.edit, run: () => setOpen('edit') }] : []),
    { id: 'roster-feed', label: m.duty.feed, run: () => setOpen('feed') },
    { id: 'roster-export', label: m.duty.export, run: () => exportSheet() },
  ])

  const nameOf = (p: string) => people.find((x) => x.id === p)?.name ?? ''
  const dropped = (cell: Cell, step: Step) => {
    if (step.kind === 'refused') toast({ elsewhere: m.duty.refusedElsewhere, away: m.duty.refusedAway, own: m.duty.refusedOwn }[step.why], undefined, true)
    if (step.kind === 'move') void changes.override(step.overrides, m.duty.moved(m.duty.dayName(cell.day), cell.kind?.name ?? '', nameOf(step.overrides[0]?.add ?? '')))
    if (step.kind === 'swap') void changes.override(step.overrides, m.duty.swapped(cell.shift.person.name, step.with.person.name))
  }
  const give = (cell: Cell, to: string) => void changes.override([{ type: 'replace', remove: cell.shift.person.id, add: to, start: cell.shift.start, end: cell.shift.end }], m.duty.moved(m.duty.dayName(cell.day), cell.kind?.name ?? '', nameOf(to)))
  const add = (place: Place, kind: Kind) => {
    const span = spanOf(kind, place.day, zone)
    void changes.override([{ type: 'add', add: place.person, start: iso(span.from), end: iso(span.to) }], m.duty.added(nameOf(place.person), m.duty.dayName(place.day), kind.name))
  }
  const clear = (cell: Cell) => void changes.override([{ type: 'remove', remove: cell.shift.person.id, start: cell.shift.start, end: cell.shift.end }], m.duty.removed(cell.shift.person.name, m.duty.dayName(cell.day), cell.kind?.name ?? ''))
  const onKey = (place: Place, cells: Cell[], what: 'day' | 'night' | 'clear') => {
    if (what === 'clear') return cells.forEach(clear)
    const kind = kinds.find((k) => k.mark === what)
    if (!kind) return toast(m.duty.noKind)
    if (cells.some((c) => c.kind?.index === kind.index)) return
    add(place, kind)
  }
  const exportSheet = () => {
    const rows = data.cells.map((c) => [c.day, c.kind?.name ?? c.shift.name, c.from, c.to, c.shift.person.name, people.find((p) => p.id === c.shift.person.id)?.phone ?? '', c.shift.instead ? m.duty.instead(c.shift.instead.name) : c.holiday ? m.duty.holidayShift : ''])
    save(`${roster.name} ${days[0]}–${days.at(-1)}.csv`, csv([m.duty.csvHead, ...rows]), 'text/csv')
  }
  const menuGroups = (): MenuGroup[] => {
    if (!menu) return []
    const { place, cells } = menu
    const cell = cells[0]
    if (!cell) return [{ label: m.duty.addShift, items: kinds.map((k) => ({ id: `add${k.index}`, label: `${k.name} ${k.from}–${k.to}`, key: k.mark === 'day' ? 'd' : k.mark === 'night' ? 'n' : undefined, off: away(absences, place.person, spanOf(k, place.day, zone).from, spanOf(k, place.day, zone).to) ? m.duty.refusedAway : undefined, run: () => add(place, k) })) }]
    const made = data.overrides.find((o) => o.add?.id === cell.shift.person.id && ms(o.start) < ms(cell.shift.end) && ms(o.end) > ms(cell.shift.start) && !o.record)
    const others = people.filter((p) => p.id !== place.person && !cells.some((c) => c.shift.person.id === p.id))
    const busy = (p: string) => data.cells.find((c) => c.shift.person.id === p && ms(c.shift.start) < ms(cell.shift.end) && ms(c.shift.end) > ms(cell.shift.start))
    return [
      { items: [{ id: 'pick', label: m.duty.pick, key: 'space', run: () => setPicked(cell) }] },
      { label: m.duty.giveTo, items: others.map((p) => ({ id: p.id, label: p.name, off: away(absences, p.id, ms(cell.shift.start), ms(cell.shift.end)) ? m.duty.onLeave : busy(p.id) ? m.duty.busyThen : undefined, hint: data.cells.some((c) => c.shift.person.id === p.id && c.day === cell.day) ? m.duty.sameDay : undefined, run: () => give(cell, p.id) })) },
      {
        items: [
          ...(made ? [{ id: 'undo', label: m.duty.backToPlan, run: () => void changes.cancelOverride(made.id, m.duty.restored) }] : []),
          { id: 'clear', label: m.duty.clear, key: 'delete', danger: true, run: () => clear(cell) },
          ...(kinds.length > cells.length ? kinds.filter((k) => !cells.some((c) => c.kind?.index === k.index)).map((k) => ({ id: `also${k.index}`, label: m.duty.alsoAdd(k.name), run: () => add(place, k) })) : []),
        ],
      },
    ]
  }
  const openMenu = (place: Place, cells: Cell[], el: HTMLElement) => {
    anchor.current = el
    setMenu({ place, cells })
  }
  const onGap = (kind: Kind, day: Day) => {
    const c = sheet.data ? coverOf(kind, day, zone, sheet.data) : undefined
    if (c?.gap) toast(m.duty.gapHint(m.duty.dayName(day), kind.name))
    goDay(day)
  }
  const phone = width > 0 && width < 720
  const range = view === 'month' ? m.duty.monthName(yearOf(around), monthOf(around)) : m.duty.rangeName(days[0] ?? '', days.at(-1) ?? '')
  const status = roster.status === 'retired' ? <Chip>{m.duty.retired}</Chip> : roster.published === 0 ? <Chip tone="amber">{m.duty.neverPublished}</Chip> : roster.changed ? <Chip tone="amber">{m.duty.draftOf(roster.published + 1)}</Chip> : <Chip tone="green">{m.duty.publishedN(roster.published)}</Chip>
  return (
    <div className={css.page} ref={ref}>
      <header className={css.head}>
        <h1>{roster.name}</h1>
        {status}
        <div className={css.nav}>
          <IconButton label={m.duty.before} icon={<ChevronLeft size={16} strokeWidth={1.75} />} onClick={() => go({ from: turn(view, around, -1) })} />
          <span className={cx(css.range, 'num')} aria-live="polite">{range}</span>
          <IconButton label={m.duty.after} icon={<ChevronRight size={16} strokeWidth={1.75} />} onClick={() => go({ from: turn(view, around, 1) })} />
          <Button size="small" kind="quiet" onClick={() => goDay(wall(instantNow(), zone).day)}>{m.app.today}</Button>
        </div>
        <ViewTabs small label={m.duty.view} value={view} onChange={(v) => go({ view: v })} items={[{ id: 'week', label: m.duty.week }, { id: 'fortnight', label: m.duty.fortnight }, { id: 'month', label: m.duty.month }]} />
        {roster.changed && roster.published > 0 && <ViewTabs small label={m.duty.shown} value={draft ? 'draft' : 'published'} onChange={(v) => go({ show: v })} items={[{ id: 'draft', label: m.duty.draft }, { id: 'published', label: m.duty.publishedWord }]} />}
        <div className={css.tools}>
          <Button icon={<CalendarPlus {...icon} />} onClick={() => setOpen('feed')}>{m.duty.feed}</Button>
          <Button icon={<Download {...icon} />} onClick={exportSheet}>{m.duty.export}</Button>
          <ButtonTo to="/new/leaves" icon={<Plane {...icon} />}>{m.duty.leave}</ButtonTo>
          {roster.may_manage && <Button icon={<Pencil {...icon} />} onClick={() => setOpen('edit')}>{m.duty.edit}</Button>}
          {may && roster.changed && (hard > 0
            ? <span className={css.locked} role="status"><Lock {...icon} />{m.duty.publishLocked(hard)}</span>
            : <Button kind="primary" onClick={() => setOpen('publish')}>{m.duty.publishN(roster.published + 1)}</Button>)}
        </div>
      </header>
      <div className={cx(css.body, !may && css.alone)}>
        <div className={css.main}>
          {picked && (
            <div className={css.picked} role="status">
              <span>{m.duty.pickedHint(picked.shift.person.name, m.duty.dayName(picked.day), picked.kind?.name ?? '')}</span>
              <Button size="small" onClick={() => setPicked(null)}>{m.app.cancel}</Button>
            </div>
          )}
          {sheet.isPending ? <Skeleton rows={10} /> : sheet.isError ? <ErrorState error={sheet.error} onRetry={() => void sheet.refetch()} /> : phone ? (
            <DayList data={data} days={days} within={within} editable={may} onMenu={openMenu} picked={picked} onDropOn={(place) => picked && (setPicked(null), dropped(picked, dropFor(picked, place, data)))} />
          ) : (
            <RosterGrid data={data} days={days} within={within} findings={findings} editable={may} label={roster.name} onDrop={dropped} onMenu={openMenu} onKey={onKey} onGap={onGap} picked={picked} onPick={setPicked} look={look} {...(may || roster.published === 0 ? {} : { own: me, onOwn: (c: Cell) => setSwap(c.shift.start) })} />
          )}
          <Legend kinds={kinds} editable={may && !phone} data={data} />
          <Balance data={data} />
        </div>
        {may && (
          <aside className={css.side} aria-label={m.duty.check}>
            <CheckPanel roster={roster} data={data} changes={changes} onLook={goDay} onEdit={() => setOpen('edit')} />
            <SwapsPanel team={roster.team.id} />
            <NowPanel roster={roster} data={data} />
            {roster.published_at && <p className="muted">{m.duty.publishedBy(roster.published_by?.name ?? '', moment(roster.published_at, instantNow()))}</p>}
          </aside>
        )}
      </div>
      {menu && (
        <Popover anchor={anchor} open onClose={() => setMenu(null)} role="menu" label={m.duty.cellMenu} className={css.menu}>
          <div className={css.menuHead}>{nameOf(menu.place.person)} · {m.duty.dayName(menu.place.day)}</div>
          <MenuList groups={menuGroups()} onDone={() => setMenu(null)} />
        </Popover>
      )}
      {swap !== null && <SwapDialog first={swap} onClose={() => setSwap(null)} />}
      {open === 'publish' && <PublishDialog roster={roster} findings={findings} onClose={() => setOpen(null)} onDone={() => (setOpen(null), void changes.refresh())} />}
      {open === 'edit' && <RosterEdit roster={roster} changes={changes} onClose={() => setOpen(null)} onRetired={() => void navigate({ to: '/duty/rosters' })} />}
      {open === 'feed' && <FeedDialog path={`/rosters/${roster.id}/feed`} title={m.duty.feedOf(roster.name)} onClose={() => setOpen(null)} />}
    </div>
  )
}

const dropFor = (cell: Cell, place: Place, data: RosterSheet): Step => drop(cell, place.person, place.day, data.cells, data.absences)

function Legend({ kinds, editable, data }: { kinds: Kind[]; editable: boolean; data: RosterSheet }) {
  const m = useM()
  const sample = (kind: Kind): Cell => ({ shift: { start: '', end: '', person: { id: '', name: '' }, layer: kind.index, name: kind.name, mark: '', why: 'planned', record: '', late_minutes: 0, missed: false }, day: '', kind, holiday: false, part: '', from: kind.from, to: kind.to })
  return (
    <div className={css.legend}>
      {kinds.map((k) => <span key={k.index}><span className={chipClass(sample(k))} aria-hidden>{[...k.name][0]}</span>{k.name} <span className="num">{k.from}–{k.to}</span></span>)}
      {data.absences.length > 0 && <span><span className={css.leave} aria-hidden>{m.duty.leaveShort}</span>{m.duty.onLeave}</span>}
      {data.cells.some((c) => c.shift.why !== 'planned' && c.shift.why !== 'temporary') && <span><span className={cx(css.chip, css.swapped)} aria-hidden />{m.duty.afterSwap}</span>}
      {data.cells.some((c) => c.holiday) && <span><span className={cx(css.chip, css.festive)} aria-hidden />{m.duty.holidayShift}</span>}
      {editable && <span className={css.hint}>{m.duty.keysMove} <Kbd k="arrowleft" /> <Kbd k="arrowright" /> · <Kbd k="d" /> {m.duty.keyDay} · <Kbd k="n" /> {m.duty.keyNight} · <Kbd k="space" /> {m.duty.keyPick} · <Kbd k="delete" /> {m.duty.keyClear}</span>}
    </div>
  )
}

/** Everybody's share of what is shown. */
function Balance({ data }: { data: RosterSheet }) {
  const m = useM()
  const sentence = useSentence()
  const loads = data.people.map((p) => {
    const own = data.cells.filter((c) => c.shift.person.id === p.id)
    const hours = (mark: string) => own.filter((c) => (c.kind?.mark ?? 'other') === mark).reduce((sum, c) => sum + (ms(c.shift.end) - ms(c.shift.start)) / 3_600_000, 0)
    return { p, day: hours('day'), night: hours('night'), other: hours('other'), own }
  })
  const most = Math.max(1, ...loads.map((l) => l.day + l.night + l.other))
  if (data.cells.length === 0) return null
  return (
    <section className={css.balance} aria-label={m.duty.balance}>
      <h2>{m.duty.balance}</h2>
      <div className={css.loads}>
        {loads.map(({ p, day, night, other, own }) => (
          <div key={p.id} className={css.load} title={own.length < 8 ? own.map(sentence).join('\n') : undefined}>
            <span className="clip">{p.name}</span>
            <span className={css.bars} aria-hidden>
              {([[day, css.barDay], [night, css.barNight], [other, css.barOther]] as const).map(([h, c], i) => h > 0 && <i key={i} className={c} style={{ width: `${(h / most) * 100}%` }} />)}
            </span>
            <span className="sub num">{m.duty.hoursN(Math.round((day + night + other) * 10) / 10)}</span>
          </div>
        ))}
      </div>
    </section>
  )
}
