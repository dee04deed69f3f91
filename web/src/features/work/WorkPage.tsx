import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { AlertTriangle, CircleCheck, CirclePause, CornerDownRight, Infinity as NoLimit, PhoneIncoming, Plus, Sun, Timer, CalendarDays } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { metaQuery, recordQuery, workQuery } from '@/api/queries'
import { say } from '@/api/problem'
import type { RecordView, Summary, Work } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { openPalette } from '@/shared/lib/palette'
import { day, duration, hm, moment, ms } from '@/shared/lib/time'
import { setTrail } from '@/shared/lib/trail'
import { nearest } from '@/shared/record/clocks'
import { useTransition } from '@/shared/record/useTransition'
import { Button, ButtonTo } from '@/shared/ui/Button'
import { EmptyState } from '@/shared/ui/Empty'
import { Kbd } from '@/shared/ui/Kbd'
import { PriorityMark } from '@/shared/ui/PriorityMark'
import { SlaBlock } from '@/shared/ui/Sla'
import { StateTag } from '@/shared/ui/StateTag'
import { toast } from '@/shared/ui/Toast'
import css from './WorkPage.module.css'

const icon = { size: 15, strokeWidth: 1.75, 'aria-hidden': true } as const
const groupIcons = { hour: <Timer {...icon} />, today: <Sun {...icon} />, later: <CalendarDays {...icon} />, waiting: <CirclePause {...icon} />, unpromised: <NoLimit {...icon} /> }

/** What waits for me, ordered by the nearest promise. */
export function WorkPage() {
  const m = useM()
  const now = useNow()
  const navigate = useNavigate()
  const client = useQueryClient()
  const { data: work } = useSuspenseQuery(workQuery)
  const { data: meta } = useSuspenseQuery(metaQuery)
  const groups = work.groups.filter((g) => g.items.length > 0)
  const rows = groups.flatMap((g) => g.items)
  const [cursor, setCursor] = useState(0)
  const at = Math.max(0, Math.min(cursor, rows.length - 1))
  const current = rows[at]
  const list = useRef<HTMLDivElement>(null)
  const [acting, setActing] = useState<RecordView>()
  const { start, busy, dialog } = useTransition(acting)
  const run = useRef(start)
  useLayoutEffect(() => {
    run.current = start
  })
  useEffect(() => {
    list.current?.querySelector('[data-cursor]')?.scrollIntoView({ block: 'nearest' })
  }, [at])

  const open = (r: Summary) => {
    setTrail(rows.map((x) => x.number), String(rows.length))
    void navigate({ to: '/r/$number', params: { number: r.number } })
  }
  const doNext = async (r: Summary) => {
    if (!r.next) return open(r)
    try {
      const record = await client.fetchQuery(recordQuery(r.number))
      const action = record.next_steps.actions.find((a) => a.transition === r.next?.transition)
      if (!action) return open(r)
      flushSync(() => setActing(record))
      run.current(action)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  const group = m.keys.list
  useKeys([
    { keys: 'j', label: m.keys.nextRow, group, run: () => setCursor(Math.min(at + 1, rows.length - 1)) },
    { keys: 'k', label: m.keys.prevRow, group, run: () => setCursor(Math.max(at - 1, 0)) },
    { keys: 'arrowdown', label: m.keys.nextRow, group, run: () => setCursor(Math.min(at + 1, rows.length - 1)) },
    { keys: 'arrowup', label: m.keys.prevRow, group, run: () => setCursor(Math.max(at - 1, 0)) },
    { keys: 'enter', label: m.keys.doNext, group, run: () => current && void doNext(current) },
    { keys: 'e', label: m.keys.open, group, run: () => current && open(current) },
  ])
  const desk = meta.nav.flatMap((g) => g.items).find((x) => x.key === 'desk')
  return (
    <div className={css.page}>
      <div className={css.main}>
        <header className={css.head}>
          <div className="grow">
            <h1 className={css.title}>{title(work, now, m)}</h1>
            <p className={css.sub}>
              <span className="num">{day(now, now)} {hm(now)}</span>
              {rows.length > 0 && (
                <>
                  <span>{m.work.order}</span>
                  <span className={css.keys}><Kbd k="j" /> <Kbd k="k" /> {m.work.upDown} · <Kbd k="enter" /> {m.work.doNext} · <Kbd k="e" /> {m.work.open}</span>
                </>
              )}
            </p>
          </div>
          <div className={css.tools}>
            {desk && <ButtonTo to={desk.to} icon={<PhoneIncoming {...icon} />} k="t">{m.work.desk}</ButtonTo>}
            {meta.types.some((t) => t.create) && <Button icon={<Plus {...icon} />} k="c" onClick={() => openPalette('create')}>{m.work.newRecord}</Button>}
          </div>
        </header>
        <div className={css.list} ref={list}>
          {rows.length === 0 && <EmptyState>{m.work.empty}</EmptyState>}
          {groups.map((g) => (
            <section key={g.key} aria-labelledby={`g-${g.key}`}>
              <h2 className={css.group} id={`g-${g.key}`}>
                {groupIcons[g.key]}
                {{ hour: m.work.hour, today: m.work.todayGroup, later: m.work.later, waiting: m.work.waiting, unpromised: m.work.unpromised }[g.key]}
                <span className={cx(css.n, 'num')}>{g.items.length}</span>
                {g.key === 'waiting' && <span className={css.hint}>{m.work.waitingHint}</span>}
              </h2>
              <ul>
                {g.items.map((r) => (
                  <Row key={r.number} r={r} current={r === current} busy={busy !== '' && acting?.number === r.number} onSelect={() => setCursor(rows.indexOf(r))} onOpen={() => open(r)} onNext={() => void doNext(r)} />
                ))}
              </ul>
            </section>
          ))}
        </div>
        <footer className={css.foot}>
          <CircleCheck {...icon} size={16} className={work.done_today > 0 ? css.done : undefined} />
          {work.done_today > 0 ? m.work.done(work.done_today) : m.work.doneNone}
        </footer>
      </div>
      <aside className={css.side} aria-label={m.work.warnings}>
        <h2>{m.work.warnings}</h2>
        {work.warnings.length === 0 ? (
          <p className="muted">{m.work.noWarnings}</p>
        ) : (
          <ul className={css.warnings}>
            {work.warnings.slice(0, 4).map((w, i) => (
              <li key={i}>
                <AlertTriangle {...icon} />
                <span>
                  {w.label}
                  {w.number && <Link to="/r/$number" params={{ number: w.number }} className="no">{w.number}</Link>}
                </span>
              </li>
            ))}
          </ul>
        )}
      </aside>
      {dialog}
    </div>
  )
}

function title(work: Work, now: number, m: ReturnType<typeof useM>): string {
  const { count, next_due_at } = work.headline
  if (count === 0) return m.work.titleNone
  if (!next_due_at) return m.work.titlePlain(count)
  const left = ms(next_due_at) - now
  return left < 0 ? m.work.titleOver(count, duration(left)) : m.work.title(count, duration(left))
}

function Row({ r, current, busy, onSelect, onOpen, onNext }: { r: Summary; current: boolean; busy: boolean; onSelect: () => void; onOpen: () => void; onNext: () => void }) {
  const m = useM()
  const now = useNow()
  const c = nearest(r, m)
  return (
    <li
      className={cx(css.row, current && css.cursor)}
      data-cursor={current ? '' : undefined}
      onClick={(e) => {
        if ((e.target as Element).closest('a, button')) return
        onSelect()
        onOpen()
      }}
      onFocus={onSelect}
    >
      <div className={css.clock}>{c ? <SlaBlock c={c} /> : <><span className={css.plain}>{m.time.none}</span><span className="muted num">{m.work.opened(moment(r.created_at, now))}</span></>}</div>
      <div className={css.what}>
        <div className={css.line}>
          {r.priority && <PriorityMark mark={r.priority.mark} label={r.priority.label} bare={r.priority.mark !== 'urgent'} />}
          <Link to="/r/$number" params={{ number: r.number }} className={cx(css.name, 'clip')}>{r.title}</Link>
        </div>
        <div className={cx(css.whose, 'clip')}><span className="no">{r.number}</span>{[r.customer?.name, r.site?.name ?? r.requester?.name].filter(Boolean).map((x) => ` · ${x}`)}</div>
        <div className={cx(css.next, 'clip num')}>
          <CornerDownRight size={13} strokeWidth={1.75} aria-hidden />
          {[r.urges ? m.work.urged(r.urges) : null, r.reopened ? m.record.reopened(r.reopened) : null, m.work.touched(moment(r.updated_at, now))].filter(Boolean).join(' · ')}
        </div>
      </div>
      <div className={css.act}>
        {r.next ? <Button kind={current ? 'primary' : 'default'} size="small" k={current ? 'enter' : undefined} busy={busy} onClick={onNext}>{r.next.label}</Button> : <Button size="small" onClick={onOpen}>{m.keys.open}</Button>}
        <StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />
      </div>
    </li>
  )
}
