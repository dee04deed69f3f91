import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Copy } from 'lucide-react'
import { useId, useState } from 'react'
import { metaQuery } from '@/api/queries'
import { useSession } from '@/api/session'
import { calendarsQuery, clocksQuery, type Explained } from '@/api/sla'
import type { RecordView } from '@/api/types'
import type { Messages } from '@/locales/types'
import { DateInput } from '../form/Dates'
import { useNow } from '../lib/clock'
import { cx } from '../lib/cx'
import { pick, useM } from '../lib/i18n'
import { hm as hmHere, hours, moment } from '../lib/time'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { EmptyState, ErrorState, Skeleton } from '../ui/Empty'
import { Bar, clockText, tone, ToneMark, type Clock } from '../ui/Sla'
import { ViewTabs } from '../ui/Tabs'
import { week } from './hours'
import { clockOf as hm, wall } from './account'
import { Ledger, plainLedger } from './Ledger'
import { ReviewPart } from './ReviewPart'
import css from './why.module.css'

const keyOf = (x: Explained) => `${x.agreement}/${x.target}`
const clockFrom = (x: Explained, seen: number): Clock => ({
  name: x.label, state: x.state === 'none' ? 'running' : x.state, due: x.due, started: x.started_at, stopped: x.ended_at,
  usedMs: x.elapsed * 1000, limitMs: (x.elapsed + x.remaining) * 1000, leftMs: x.remaining * 1000, seen,
})

function title(x: Explained, calm: boolean, now: number, m: Messages): string {
  const p = m.promise
  if (x.state === 'met') return p.titleMet(x.label)
  if (x.state === 'breached') return p.titleLate(x.label)
  if (!x.due) return p.titlePaused(x.label)
  return calm ? p.calm(moment(x.due, now)) : p.title(x.label, moment(x.due, now))
}

/** The whole reason in one sentence. */
function sentence(x: Explained, priority: string, words: string, now: number, m: Messages): string {
  const p = m.promise
  const at = (t: string | null) => (t ? moment(t, now) : '')
  const tail = [p.used(hours(x.elapsed * 1000))]
  if (x.paused_seconds > 0) tail.push(p.stood(hours(x.paused_seconds * 1000)))
  const over = hours(Math.max(0, -x.remaining) * 1000)
  if (x.state === 'running') tail.push(p.dueAt(at(x.due)))
  else if (x.state === 'paused') tail.push(p.leftIs(hours(x.remaining * 1000)), p.stands)
  else if (x.state === 'met') tail.push(p.endedMet(at(x.ended_at)))
  else if (x.ended_at) tail.push(p.wasDue(at(x.due)), p.endedLate(at(x.ended_at), over))
  else if (x.due) tail.push(p.overNow(at(x.due), over))
  const head = [p.targetIs(x.label, hours(x.target_seconds * 1000)), ...(words ? [p.hours(words)] : [])].join(p.comma)
  return `${p.under(x.agreement_name, priority)}${p.colon}${head}${p.semi}${tail.join(p.comma)}${p.stop}`
}

/** Why a deadline is what it is: the sentence, the account day by day, what moved it, who is told, what it rests on. */
export default function WhyDrawer({ record, clock, onClose }: { record: Pick<RecordView, 'number' | 'title' | 'priority'>; clock: string; onClose: () => void }) {
  const m = useM()
  const now = useNow()
  const { perms, organisation } = useSession()
  const calm = organisation.kind === 'customer'
  const [chosen, setChosen] = useState(clock)
  const [local, setLocal] = useState('')
  const at = local && !Number.isNaN(Date.parse(local)) ? new Date(local).toISOString() : undefined
  const query = useQuery({ ...clocksQuery(record.number, at), placeholderData: (old) => old })
  const calendars = useQuery({ ...calendarsQuery, enabled: perms.includes('sla.read') })
  const list = query.data ?? []
  const x = list.find((c) => keyOf(c) === chosen) ?? list[0]
  const spec = x && (x.calendar ? calendars.data?.find((c) => c.code === x.calendar) : undefined)
  const words = x ? (x.calendar === '' ? m.promise.always : spec ? week(spec.spec, m) : '') : ''
  const c = x && clockFrom(x, at ? now : query.dataUpdatedAt)
  const t = c && (at && c.state === 'running' ? 'calm' : tone(c, now))
  const says = x && sentence(x, record.priority?.label ?? '', words, now, m)
  return (
    <Dialog
      kind="drawer"
      title={x ? title(x, calm, now, m) : m.promise.why}
      sub={`${record.number} · ${record.title}`}
      onClose={onClose}
      foot={x && (
        <>
          {!calm && <AtPicker local={local} onChange={setLocal} />}
          <span className={css.footEnd}>
            <Button kind="quiet" icon={<Copy size={14} strokeWidth={1.75} />} onClick={() => void copyText(plainLedger(x, says ?? '', m))}>{m.promise.copyLedger}</Button>
          </span>
        </>
      )}
    >
      {query.isPending ? (
        <Skeleton rows={8} kind="record" />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : !x || !c || !t ? (
        <EmptyState action={at ? <Button onClick={() => setLocal('')}>{m.promise.atNow}</Button> : undefined}>{at ? m.promise.noneAt : m.promise.none}</EmptyState>
      ) : (
        <>
          {list.length > 1 && <ViewTabs small label={m.promise.clocks} value={keyOf(x)} onChange={setChosen} items={list.map((k) => ({ id: keyOf(k), label: k.label }))} />}
          <div className={css.top} data-autofocus tabIndex={-1}>
            <p className={css.sentence}>{says}</p>
            <p className={cx(css.clock, css[t], 'num')}><ToneMark t={t} /> {at ? stillText(x, m) : clockText(c, now)}</p>
          </div>
          <Bar c={at ? { ...c, seen: now } : c} />
          {x.bound_by !== 'target' && <p className={css.note}>{m.promise.bound[x.bound_by]}</p>}
          {calm && <p className={css.note}>{m.promise.calmHint}</p>}
          <Ledger x={x} />
          {x.shares.length > 0 && <Shares x={x} />}
          <div className={css.pair}>
            <Changes x={x} now={now} />
            <Rests x={x} words={words} calm={calm} calendar={spec ? pick(spec.label) : ''} version={spec?.version} />
          </div>
          {x.points.length > 0 && <Points x={x} now={now} />}
          {x.reports.length > 0 && <Reports x={x} now={now} />}
          {!calm && x.state === 'breached' && !at && <ReviewPart key={keyOf(x)} number={record.number} x={x} may={perms.includes('sla.manage')} />}
        </>
      )}
    </Dialog>
  )
}

const copyText = (text: string) => navigator.clipboard.writeText(text)

/** How it stood at another instant: nothing counts on. */
function stillText(x: Explained, m: Messages): string {
  if (x.state === 'met') return m.time.met
  if (x.state === 'paused') return m.time.pausedLeft(hours(x.remaining * 1000))
  return x.remaining < 0 ? m.time.over(hours(x.remaining * 1000)) : m.time.left(hours(x.remaining * 1000))
}

function AtPicker({ local, onChange }: { local: string; onChange: (v: string) => void }) {
  const m = useM()
  const id = useId()
  return (
    <div className={css.at} title={m.promise.atHint}>
      <label htmlFor={id}>{m.promise.at}</label>
      <DateInput field={{ name: 'at', type: 'datetime', label: m.promise.at }} value={local} onChange={(v) => onChange(typeof v === 'string' ? v : '')} a11y={{ id }} />
      {local && <Button size="small" onClick={() => onChange('')}>{m.promise.atNow}</Button>}
    </div>
  )
}

function Shares({ x }: { x: Explained }) {
  const m = useM()
  const whole = x.shares.reduce((n, s) => n + s.seconds, 0)
  const name = (s: Explained['shares'][number]) => [m.promise.whos[s.who], s.who === 'team' ? s.name || m.promise.unassigned : s.name].filter(Boolean).join(' · ')
  return (
    <section className={css.part} aria-labelledby="why-who">
      <h3 id="why-who">{m.promise.who}</h3>
      <div className={css.stack} aria-hidden>
        {x.shares.map((s, i) => s.seconds > 0 && <span key={i} className={css[s.who]} style={{ flexGrow: s.seconds }} />)}
      </div>
      <ul className={css.shares}>
        {x.shares.map((s, i) => (
          <li key={i}>
            <span className={cx(css.dot, css[s.who])} aria-hidden />
            <span className="grow">{name(s)}</span>
            <span className="num">{hours(s.seconds * 1000)}</span>
            <span className={cx(css.percent, 'num muted')}>{whole > 0 ? `${Math.round((s.seconds * 100) / whole)}%` : ''}</span>
          </li>
        ))}
      </ul>
      <p className={css.hint}>{m.promise.whoHint}</p>
    </section>
  )
}

function Changes({ x, now }: { x: Explained; now: number }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  // The server names a priority by its code.
  const words = (c: Explained['changes'][number]) => (c.type === 'priority_changed' ? meta.priorities.reduce((t, p) => t.replaceAll(p.value, p.label), c.text) : c.text)
  return (
    <section className={css.part} aria-labelledby="why-changes">
      <h3 id="why-changes">{m.promise.changes}</h3>
      <ol className={css.changes}>
        {x.changes.map((c, i) => <li key={i}><time className="num muted">{moment(c.at, now)}</time> <span>{words(c)}</span></li>)}
      </ol>
    </section>
  )
}

function Rests({ x, words, calm, calendar, version }: { x: Explained; words: string; calm: boolean; calendar: string; version: number | undefined }) {
  const m = useM()
  const elsewhere = hmHere(x.started_at) !== hm(wall(x.started_at))
  return (
    <section className={css.part} aria-labelledby="why-rules">
      <h3 id="why-rules">{m.promise.rules}</h3>
      <dl className={css.facts}>
        <dt>{m.promise.agreementIs}</dt>
        <dd>{x.agreement_name} <span className="muted">{calm ? '' : `${x.agreement} · `}{m.promise.version(x.agreement_version)}</span></dd>
        {words && <><dt>{m.promise.calendarIs}</dt><dd>{calendar && <>{calendar} {version != null && <span className="muted">{m.promise.version(version)}</span>}<br /></>}{words}</dd></>}
        <dt>{m.promise.dueIs}</dt><dd>{m.promise.bounds[x.bound_by]}</dd>
        {elsewhere && <><dt>{m.promise.zone}</dt><dd>{x.timezone}</dd></>}
      </dl>
      <p className={css.hint}>{m.promise.exactMet}</p>
    </section>
  )
}

function Reports({ x, now }: { x: Explained; now: number }) {
  const m = useM()
  return (
    <section className={css.part} aria-labelledby="why-reports">
      <h3 id="why-reports">{m.promise.reports}</h3>
      <ul className={css.points}>
        {x.reports.map((r) => (
          <li key={r.at + r.to}>
            <span className="num">{moment(r.at, now)}</span>
            <span className="grow sub">{r.from} → {r.to}</span>
            <span className="muted">{r.acknowledged_at ? m.promise.reportKnown(moment(r.acknowledged_at, now)) : m.promise.reportWaits}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Points({ x, now }: { x: Explained; now: number }) {
  const m = useM()
  const who = (to: string[]) => to.map((a) => m.promise.actors[a] ?? a).join(m.app.listSep)
  return (
    <section className={css.part} aria-labelledby="why-points">
      <h3 id="why-points">{m.promise.points}</h3>
      <ul className={css.points}>
        {x.points.map((p, i) => (
          <li key={i}>
            <span className={cx(css.kind, css[p.kind])}>{m.promise.pointKinds[p.kind]}</span>
            <span className="num">{p.at ? moment(p.at, now) : m.promise.pointUnknown}</span>
            <span className="grow sub">{who(p.to)}</span>
            <span className="muted">{p.taken ? m.promise.pointDone : x.ended_at ? m.promise.pointSkipped : m.promise.pointAhead}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
