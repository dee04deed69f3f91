import { useQueries, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowLeftRight, CalendarDays, CalendarPlus, LogIn, LogOut, NotebookPen, Phone, Plane, Repeat } from 'lucide-react'
import { useState } from 'react'
import { dutyQuery, type TeamDuty } from '@/api/duty'
import { api, onceKey } from '@/api/client'
import { metaQuery } from '@/api/queries'
import { say } from '@/api/problem'
import { useSession } from '@/api/session'
import type { RecordView, Summary, TypeMeta } from '@/api/types'
import { FieldEditor } from '@/shared/form/FormFields'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { useCommands } from '@/shared/lib/palette'
import { duration, hm, moment, sameDay } from '@/shared/lib/time'
import { Button, ButtonTo } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { Dialog } from '@/shared/ui/Dialog'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Field, Input } from '@/shared/ui/Field'
import { Markdown } from '@/shared/ui/Markdown'
import { PageFrame } from '@/shared/ui/Page'
import { Avatar } from '@/shared/ui/Person'
import { Section } from '@/shared/ui/Section'
import { StateTag } from '@/shared/ui/StateTag'
import { toast } from '@/shared/ui/Toast'
import { FeedDialog } from './FeedDialog'
import home from './home.module.css'
import { SwapDialog } from './SwapDialog'
import { iso, ms } from './model'
import { bucketsQuery, nameOfShift, someQuery, totalQuery, useMyShifts, useOpenCheckIn, type OwnShift } from './queries'

const icon = { size: 15, strokeWidth: 1.75, 'aria-hidden': true } as const

/** Who is on duty, what waits at the desk, and my own duty. */
export function DutyPage({ at, onAt }: { at: string | undefined; onAt: (at: string | undefined) => void }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const can = (type: string) => meta.types.find((t) => t.type === type)?.create
  const [feed, setFeed] = useState(false)
  const [swap, setSwap] = useState<string | null>(null)
  useCommands([...(can('shift_swap') ? [{ id: 'duty-swap', label: m.duty.swap, run: () => setSwap('') }] : []), { id: 'duty-feed', label: m.duty.myFeed, run: () => setFeed(true) }])
  return (
    <PageFrame
      title={m.duty.title}
      tools={
        <>
          {can('handover') && <ButtonTo to="/duty/handover" icon={<Repeat {...icon} />}>{m.duty.handOver}</ButtonTo>}
          {can('shift_swap') && <Button icon={<ArrowLeftRight {...icon} />} onClick={() => setSwap('')}>{m.duty.swap}</Button>}
          {can('leave') && <ButtonTo to="/new/leaves" icon={<Plane {...icon} />}>{m.duty.leave}</ButtonTo>}
          {can('duty_log') && <ButtonTo to="/new/duty-logs" icon={<NotebookPen {...icon} />}>{m.duty.log}</ButtonTo>}
          <ButtonTo to="/duty/rosters" icon={<CalendarDays {...icon} />}>{m.duty.rosters}</ButtonTo>
        </>
      }
      padded
    >
      <div className={home.page}>
        <div className={home.main}>
          <OnDuty at={at} onAt={onAt} />
          <Desk types={meta.types.filter((t) => t.type === 'incident' || t.type === 'request')} />
        </div>
        <aside className={home.side} aria-label={m.duty.mine}>
          <Mine onFeed={() => setFeed(true)} onSwap={can('shift_swap') ? setSwap : undefined} />
          <Waiting />
        </aside>
      </div>
      {swap !== null && <SwapDialog first={swap} onClose={() => setSwap(null)} />}
      {feed && <FeedDialog path="/duty/feed" title={m.duty.myFeed} onClose={() => setFeed(false)} />}
    </PageFrame>
  )
}

/** Every team with a roster: who can be called at an instant, until when, and who follows. */
function OnDuty({ at, onAt }: { at: string | undefined; onAt: (at: string | undefined) => void }) {
  const m = useM()
  const now = useNow()
  const query = useQuery({ ...dutyQuery(at), placeholderData: (old) => old })
  const teams = query.data ?? []
  const ends = [...new Set(teams.flatMap((t) => t.people.map((p) => p.until)))].sort().slice(0, 12)
  const after = useQueries({ queries: ends.map((e) => dutyQuery(e)) })
  const next = (t: TeamDuty) => {
    const end = t.people.map((p) => p.until).sort()[0]
    const then = end ? after[ends.indexOf(end)]?.data?.find((x) => x.roster.id === t.roster.id) : undefined
    return then ? then.people.filter((p) => !t.people.some((x) => x.id === p.id && x.until !== end)).map((p) => p.name) : undefined
  }
  const [rules, setRules] = useState<TeamDuty | null>(null)
  return (
    <section className={home.block} aria-label={m.duty.whoNow}>
      <div className={home.blockHead}>
        <h2>{at ? m.duty.whoAt(moment(at, now)) : m.duty.whoNow}</h2>
        <div className={home.at}>
          <FieldEditor field={{ name: 'at', type: 'datetime', label: m.duty.at, placeholder: m.duty.anyInstant }} value={at ?? null} onChange={(v) => onAt(v ? iso(ms(String(v))) : undefined)} a11y={{ id: 'duty-at', 'aria-label': m.duty.at } as { id: string }} />
          {at && <Button kind="quiet" size="small" onClick={() => onAt(undefined)}>{m.duty.backToNow}</Button>}
        </div>
      </div>
      {query.isPending ? <Skeleton rows={4} /> : query.isError ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : teams.length === 0 ? (
        <EmptyState action={<ButtonTo to="/duty/rosters">{m.duty.toRosters}</ButtonTo>}>{m.duty.noRosterInForce}</EmptyState>
      ) : (
        <ul className={home.teams}>
          {teams.map((t) => {
            const then = next(t)
            return (
              <li key={t.roster.id} className={home.team}>
                <div className={home.teamName}>
                  <Link to="/duty/rosters/$id" params={{ id: t.roster.id }}>{t.team.name}</Link>
                  {t.rules && <Button kind="link" onClick={() => setRules(t)}>{m.duty.rules}</Button>}
                </div>
                <div className={home.on}>
                  {t.people.length === 0 && <Chip tone="red">{m.duty.nobody}</Chip>}
                  {t.people.map((p) => (
                    <div key={p.id + p.since} className={home.person}>
                      <Avatar name={p.name} size={28} onDuty={!at && p.checked_in} />
                      <div className="grow">
                        <div><b>{p.name}</b> <span className="sub">{p.layer}</span> {p.instead && <span className="muted">{m.duty.instead(p.instead.name)}</span>} {!at && !p.checked_in && <span className={home.soon}>{m.duty.notIn}</span>}</div>
                        <div className="sub num">{m.duty.until(sameDay(p.until, at ?? now) ? hm(p.until) : moment(p.until, now))}</div>
                      </div>
                      {p.phone ? <a href={`tel:${p.phone}`} className={cx(home.phone, 'num')}><Phone {...icon} />{p.phone}</a> : <Chip tone="amber">{m.duty.noPhone}</Chip>}
                    </div>
                  ))}
                </div>
                <div className={home.then}>{t.people.length > 0 && (then === undefined ? '' : then.length ? m.duty.next(then.join(m.app.listSep)) : <span className={home.soon}>{m.duty.nextNobody}</span>)}</div>
              </li>
            )
          })}
        </ul>
      )}
      {rules && <Dialog kind="drawer" width={560} title={m.duty.rules} sub={rules.team.name} onClose={() => setRules(null)}><Markdown text={rules.rules} /></Dialog>}
    </section>
  )
}

/** What the person at the desk watches: overdue, soon, unaccepted, and how the load is spread. */
function Desk({ types }: { types: TypeMeta[] }) {
  const m = useM()
  const now = useNow()
  const { teams, person } = useSession()
  // Whole minutes: the address of a query must not change with every tick.
  const minute = Math.floor(now / 60_000) * 60_000
  const at = iso(minute), soon = iso(minute + 3_600_000)
  const figures = types.flatMap((t): { t: TypeMeta; key: string; query: Record<string, string> }[] => [
    { t, key: 'overdue', query: { open: 'true', due_before: at } },
    { t, key: 'soon', query: { open: 'true', due_before: soon } },
    { t, key: 'unaccepted', query: { kind: 'new' } },
  ])
  const totals = useQueries({ queries: figures.map((f) => totalQuery(f.t, f.query)) })
  const scope: Record<string, string> = teams.length ? { team: 'mine' } : {}
  const loads = useQueries({ queries: types.map((t) => bucketsQuery(t, 'assignee', { open: true, ...scope })) })
  const by = new Map<string, { label: string; count: number }>()
  for (const q of loads) for (const b of q.data ?? []) by.set(b.value, { label: b.label, count: (by.get(b.value)?.count ?? 0) + b.count })
  const people = [...by].filter(([id]) => id && id !== 'none').sort((a, b) => b[1].count - a[1].count).slice(0, 12)
  const nobody = [...by].find(([id]) => !id || id === 'none')?.[1].count ?? 0
  const most = Math.max(1, ...people.map(([, x]) => x.count))
  const value = (t: TypeMeta, key: string): number | undefined => {
    const i = figures.findIndex((f) => f.t === t && f.key === key)
    const n = totals[i]?.data
    if (key !== 'soon' || n === undefined) return n
    return Math.max(0, n - (totals[i - 1]?.data ?? 0))
  }
  const names: Record<string, string> = { overdue: m.duty.overdue, soon: m.duty.dueSoon, unaccepted: m.duty.unaccepted }
  return (
    <section className={home.block} aria-label={m.duty.desk}>
      <div className={home.blockHead}><h2>{m.duty.desk}</h2></div>
      <div className={home.figures}>
        {['overdue', 'soon', 'unaccepted'].map((key) => (
          <div key={key} className={home.figure}>
            <div className="sub">{names[key]}</div>
            {types.map((t) => {
              const n = value(t, key)
              const f = figures.find((x) => x.t === t && x.key === key)
              return (
                <div key={t.type} className={home.count}>
                  <Link to="/t/$plural" params={{ plural: t.plural }} search={f?.query ?? {}} className={cx('num', n && key === 'overdue' ? home.over : n && key === 'soon' ? home.soon : home.calm)}>{n ?? '…'}</Link>
                  <span className="sub">{t.label}</span>
                </div>
              )
            })}
          </div>
        ))}
      </div>
      <h3 className={home.loadTitle}>{teams.length ? m.duty.teamLoad : m.duty.allLoad}</h3>
      {people.length === 0 ? <p className="muted">{m.duty.noLoad}</p> : (
        <ul className={home.loads}>
          {people.map(([id, x]) => (
            <li key={id} className={home.load}>
              <span className="clip">{x.label}{id === person.id && <span className="muted"> {m.app.you}</span>}</span>
              <span className={home.bar} aria-hidden><i style={{ width: `${(x.count / most) * 100}%` }} /></span>
              <Link to="/t/$plural" params={{ plural: types[0]?.plural ?? 'incidents' }} search={{ open: 'true', assignee: id }} className="num" aria-label={m.duty.loadOf(x.label, x.count)}>{x.count}</Link>
            </li>
          ))}
        </ul>
      )}
      {nobody > 0 && <p className={home.unowned}><Link to="/t/$plural" params={{ plural: types[0]?.plural ?? 'incidents' }} search={{ open: 'true', assignee: 'none', ...scope }}>{m.duty.unowned(nobody)}</Link></p>}
    </section>
  )
}

/** My shift under way with check-in and check-out, and those to come. */
function Mine({ onFeed, onSwap }: { onFeed: () => void; onSwap: ((start: string) => void) | undefined }) {
  const m = useM()
  const now = useNow()
  const { shifts, pending, error } = useMyShifts()
  const open = useOpenCheckIn()
  const current = shifts.find((s) => ms(s.start) - 3_600_000 <= now)
  const rest = shifts.filter((s) => s !== current).slice(0, 6)
  return (
    <Section title={m.duty.mine} aside={<Button kind="link" icon={<CalendarPlus {...icon} />} onClick={onFeed}>{m.duty.subscribe}</Button>}>
      {pending ? <Skeleton rows={2} kind="record" /> : error ? <p className="muted">{say(error, m.error.network)}</p> : (
        <>
          {current ? <Current shift={current} open={open} /> : <p className="muted">{rest[0] ? m.duty.nextShift(moment(rest[0].start, now)) : m.duty.noShifts}</p>}
          {rest.length > 0 && (
            <ul className={home.list}>
              {rest.map((s) => (
                <li key={s.start + s.roster.id} className={home.line}>
                  <span className="num">{moment(s.start, now)}–{hm(s.end)}</span>
                  <Link to="/duty/rosters/$id" params={{ id: s.roster.id }}>{nameOfShift(s)}</Link>
                  {s.instead && <span className="muted">{m.duty.instead(s.instead.name)}</span>}
                  {onSwap && <span className={home.swap}><Button kind="link" aria-label={m.duty.swapOf(moment(s.start, now))} onClick={() => onSwap(s.start)}>{m.duty.swapWord}</Button></span>}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Section>
  )
}

function Current({ shift, open }: { shift: OwnShift; open: Summary | undefined }) {
  const m = useM()
  const now = useNow()
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState(false)
  const [reason, setReason] = useState('')
  const late = now - ms(shift.start)
  const isLate = late > (shift.roster.body.tolerance_minutes ?? 10) * 60_000
  const came = shift.checked_in_at
  const refresh = () => client.invalidateQueries({ predicate: (q) => ['duty', 'list:duty_checkin', 'work'].includes(String(q.queryKey[0])) || q.queryKey[0] === `roster:${shift.roster.id}` })
  const run = async (what: () => Promise<unknown>, said: string) => {
    setBusy(true)
    try {
      await what()
      toast(said)
      setAsking(false)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    } finally {
      setBusy(false)
      await refresh()
    }
  }
  const checkIn = () => run(() => api.post<RecordView>('/duty-checkins', reason.trim() ? { late_reason: reason.trim() } : {}, { once: onceKey() }), m.duty.checkedInToast)
  const checkOut = () => open && run(() => api.post(`/duty-checkins/${open.number}/check_out`, {}, { version: open.version }), m.duty.checkedOutToast)
  useKeys([{ keys: 'i', label: m.duty.checkIn, group: m.duty.title, run: () => !came && (isLate ? setAsking(true) : void checkIn()) }], { off: !!came })
  return (
    <div className={home.current}>
      <div><b>{nameOfShift(shift)}</b> <span className="num sub">{moment(shift.start, now, true)}–{hm(shift.end)}</span></div>
      <div className="sub">{shift.roster.team.name}</div>
      {came ? (
        <>
          <div className={home.in}>{m.duty.cameAt(hm(came))} {shift.late_minutes > 0 && <Chip tone="amber">{m.duty.late(shift.late_minutes)}</Chip>}</div>
          {shift.checked_out_at ? <div className="sub">{m.duty.leftAt(hm(shift.checked_out_at))}</div> : open && <Button block icon={<LogOut {...icon} />} busy={busy} onClick={() => void checkOut()}>{m.duty.checkOut}</Button>}
        </>
      ) : (
        <>
          <div className={late > 0 ? home.soon : 'sub'}>{late > 0 ? m.duty.lateBy(duration(late)) : m.duty.startsIn(duration(late))}</div>
          <Button kind="primary" block k="i" icon={<LogIn {...icon} />} busy={busy} onClick={() => (isLate ? setAsking(true) : void checkIn())}>{m.duty.checkIn}</Button>
        </>
      )}
      {asking && (
        <Dialog title={m.duty.lateTitle} onClose={() => setAsking(false)} onSubmit={() => void checkIn()} foot={<><Button type="submit" kind="primary" busy={busy}>{m.duty.checkIn}</Button><Button kind="quiet" onClick={() => setAsking(false)}>{m.app.cancel}</Button></>}>
          <Field label={m.duty.lateReason} hint={m.duty.lateHint} stacked>{(a) => <Input {...a} data-autofocus maxLength={200} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
        </Dialog>
      )}
    </div>
  )
}

/** What of these records waits for its reader: the step that is theirs. */
const waitingSteps: Record<string, string[]> = { handover: ['accept', 'explain'], shift_swap: ['agree', 'approve'], leave: ['approve'] }

/** Handovers, swaps and leave that wait for me: the server says with each record which step is mine. */
function Waiting() {
  const m = useM()
  const now = useNow()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const types = meta.types.filter((t) => waitingSteps[t.type])
  const lists = useQueries({ queries: types.map((t) => someQuery(t.type, t.plural, { open: true, limit: 100 })) })
  const pending = lists.some((q) => q.isPending)
  const rows = lists.flatMap((q) => q.data ?? []).filter((r) => r.next && waitingSteps[r.type]?.includes(r.next.transition))
  const label = (t: string) => meta.types.find((x) => x.type === t)?.label ?? t
  return (
    <Section title={m.duty.waiting} aside={rows.length > 0 ? <span className="num">{rows.length}</span> : undefined}>
      {pending ? <Skeleton rows={2} kind="record" /> : rows.length === 0 ? <p className="muted">{m.duty.waitingNone}</p> : (
        <ul className={home.list}>
          {rows.map((r) => (
            <li key={r.number} className={cx(home.card, r.type === 'handover' && home.yours)}>
              <div className="muted">{label(r.type)} <span className="no">{r.number}</span></div>
              <div><Link to="/r/$number" params={{ number: r.number }}>{r.title}</Link></div>
              <div className={home.cardFoot}><StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />{r.due_at && <span className="sub num">{moment(r.due_at, now)}</span>}</div>
              <ButtonTo to={`/r/${r.number}`} size="small" block>{r.type === 'handover' ? m.duty.reviewAndSign : (r.next?.label ?? m.keys.open)}</ButtonTo>
            </li>
          ))}
        </ul>
      )}
      <div className={home.more}>
        <Link to="/t/$plural" params={{ plural: 'handovers' }} search={{ open: 'true' }}>{m.duty.openHandovers}</Link>
        <Link to="/t/$plural" params={{ plural: 'shift-swaps' }} search={{}}>{m.duty.allSwaps}</Link>
        <Link to="/t/$plural" params={{ plural: 'leaves' }} search={{}}>{m.duty.allLeaves}</Link>
        <Link to="/t/$plural" params={{ plural: 'duty-logs' }} search={{}}>{m.duty.allLogs}</Link>
      </div>
    </Section>
  )
}
