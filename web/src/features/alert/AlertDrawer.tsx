import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check, ExternalLink, Link2, Play, ThumbsDown } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { alertQuery, type Alert } from '@/api/alerts'
import { say } from '@/api/problem'
import { useSession } from '@/api/session'
import { FieldEditor } from '@/shared/form/FormFields'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { duration, exact, moment } from '@/shared/lib/time'
import { Button, ButtonTo } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { Dialog } from '@/shared/ui/Dialog'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Field, TextArea } from '@/shared/ui/Field'
import { Markdown } from '@/shared/ui/Markdown'
import { Pair } from '@/shared/ui/Section'
import css from './alert.module.css'
import { AlertStateTag, reading, SeverityMark, useAlertSteps } from './parts'

const icon = { size: 15, strokeWidth: 1.75, 'aria-hidden': true } as const

/** One alert with everything the source said, what became of it, and the next step. */
export function AlertDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const m = useM()
  const query = useQuery(alertQuery(id))
  const a = query.data
  if (!a) {
    return (
      <Dialog kind="drawer" title={m.alert.alert} onClose={onClose}>
        {query.isError ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : <Skeleton rows={6} kind="record" />}
      </Dialog>
    )
  }
  return <Loaded a={a} onClose={onClose} />
}

function Loaded({ a, onClose }: { a: Alert; onClose: () => void }) {
  const m = useM()
  const now = useNow()
  const { perms } = useSession()
  const may = perms.includes('alert.handle')
  const { run, busy } = useAlertSteps()
  const [ask, setAsk] = useState<'resolve' | 'false' | 'link' | null>(null)
  const is = (step: string) => busy === `${a.id}:${step}`
  const primary = a.state === 'new' ? 'acknowledge' : a.state === 'acknowledged' ? 'handle' : a.open ? 'resolve' : ''
  const kind = (step: string) => (step === primary ? ('primary' as const) : ('default' as const))
  return (
    <Dialog
      kind="drawer"
      title={a.title || a.metric_label}
      sub={<span className="row"><SeverityMark severity={a.severity} label={a.severity_label} /><AlertStateTag a={a} boxed />{a.overdue && <Chip tone="red">{m.alert.overdue}</Chip>}</span>}
      onClose={onClose}
      foot={may && !ask ? (
        <>
          {a.state === 'new' && <Button kind={kind('acknowledge')} icon={<Check {...icon} />} busy={is('acknowledge')} onClick={() => void run(a, 'acknowledge')}>{m.alert.acknowledge}</Button>}
          {(a.state === 'new' || a.state === 'acknowledged') && <Button kind={kind('handle')} icon={<Play {...icon} />} busy={is('handle')} onClick={() => void run(a, 'handle')}>{m.alert.handle}</Button>}
          {a.open && <Button kind={kind('resolve')} onClick={() => setAsk('resolve')}>{m.alert.resolve}</Button>}
          {a.state !== 'false' && <Button icon={<ThumbsDown {...icon} />} onClick={() => setAsk('false')}>{m.alert.judgeFalse}</Button>}
          <Button icon={<Link2 {...icon} />} onClick={() => setAsk('link')}>{a.record ? m.alert.relink : m.alert.link}</Button>
        </>
      ) : undefined}
    >
      {ask && <Ask a={a} step={ask} onCancel={() => setAsk(null)} />}
      <div className={css.facts}>
        <Pair name={m.alert.object}>{a.object} {a.unlinked && <Chip tone="amber">{m.alert.unlinked}</Chip>}</Pair>
        {a.metric && <Pair name={m.alert.metric}>{a.metric_label} {a.value !== null && <b className="num">{reading(a.value, a.unit)}</b>} {a.threshold !== null && <span className="sub num">{m.alert.limit(reading(a.threshold, a.unit))}</span>}</Pair>}
        {a.customer && <Pair name={m.fields.customer}>{[a.customer.name, a.site?.name, a.service?.name].filter(Boolean).join(' · ')}</Pair>}
        <Pair name={m.alert.record}>
          {a.record ? <Link to="/r/$number" params={{ number: a.record }} className="no">{a.record}</Link> : a.problem ? <span className={css.over}>{a.problem}</span> : <span className="muted">{a.held ? (a.held === 'window' ? m.alert.heldWindow : m.alert.heldThreshold) : m.alert.noneYet}</span>}
        </Pair>
        {a.team && <Pair name={m.fields.team}>{a.team.name}</Pair>}
        {a.handler && <Pair name={m.fields.assignee}>{a.handler.name}</Pair>}
        <Pair name={m.alert.source}>{a.source.name} {a.link && <a href={a.link} target="_blank" rel="noreferrer noopener">{m.alert.atSource} <ExternalLink size={12} strokeWidth={1.75} aria-hidden /></a>}</Pair>
        <Pair name={m.alert.rule}>{a.rule?.name ?? <span className="muted">{m.alert.noRule}</span>}</Pair>
      </div>
      {a.unlinked && perms.includes('alert.manage') && <p className={css.tip}>{m.alert.unlinkedHint} <ButtonTo kind="link" to={`/alerts/objects?q=${encodeURIComponent(a.object)}`}>{m.alert.linkObject}</ButtonTo></p>}
      {a.description && <div className={css.description}><Markdown text={a.description} /></div>}
      <h3 className={css.h3}>{m.alert.history}</h3>
      <ol className={css.history}>
        {history(a, m).map((h, i) => (
          <li key={i}>
            <time className="num muted" title={exact(h.at)}>{moment(h.at, now)}</time>
            <span>{h.text}</span>
          </li>
        ))}
      </ol>
      {perms.includes('audit.read') && <p><Link to="/audit" search={{ stream: a.id }}>{m.alert.everyChange}</Link></p>}
      <Labels title={m.alert.labels} values={a.labels} />
      <Labels title={m.alert.annotations} values={a.annotations} />
    </Dialog>
  )
}

function history(a: Alert, m: ReturnType<typeof useM>): { at: string; text: ReactNode }[] {
  const list: { at: string; text: ReactNode }[] = [
    { at: a.started_at, text: m.alert.h.started },
    { at: a.received_at, text: m.alert.h.received(a.delay_ms >= 1000 ? duration(a.delay_ms) : '') },
  ]
  if (a.alert_count > 1) list.push({ at: a.last_at, text: m.alert.h.repeated(a.alert_count) })
  if (a.acknowledged_at) list.push({ at: a.acknowledged_at, text: m.alert.h.acknowledged(a.acknowledged_by?.name ?? '', duration(Date.parse(a.acknowledged_at) - Date.parse(a.received_at))) })
  if (a.ended_at) list.push({ at: a.ended_at, text: m.alert.h.ended })
  if (a.closed_at) list.push({ at: a.closed_at, text: a.state === 'false' ? m.alert.h.false(a.closed_by?.name ?? '', a.closed_reason) : a.closed_by ? m.alert.h.resolved(a.closed_by.name, a.closed_reason) : m.alert.h.recovered })
  return list.sort((x, y) => Date.parse(x.at) - Date.parse(y.at))
}

function Labels({ title, values }: { title: string; values: Record<string, string> }) {
  const rows = Object.entries(values).sort(([x], [y]) => x.localeCompare(y))
  if (rows.length === 0) return null
  return (
    <>
      <h3 className={css.h3}>{title}</h3>
      <table className={css.labels} aria-label={title}>
        <tbody>{rows.map(([k, v]) => <tr key={k}><th scope="row">{k}</th><td>{v}</td></tr>)}</tbody>
      </table>
    </>
  )
}

/** Asks for the reason, or for the record, where the step needs it. */
function Ask({ a, step, onCancel }: { a: Alert; step: 'resolve' | 'false' | 'link'; onCancel: () => void }) {
  const m = useM()
  const { run, busy } = useAlertSteps()
  const [text, setText] = useState('')
  const [record, setRecord] = useState<string | null>(null)
  const [error, setError] = useState('')
  const go = async () => {
    if (step === 'link' && !record) return setError(m.form.requiredField(m.alert.record))
    if (step === 'false' && !text.trim()) return setError(m.form.requiredField(m.alert.whyFalse))
    try {
      if (await run(a, step, step === 'link' ? { record: record ?? '' } : text.trim() ? { reason: text.trim() } : {})) onCancel()
    } catch (e) {
      setError(say(e, m.error.network))
    }
  }
  const action = { resolve: m.alert.resolveRun, false: m.alert.falseRun, link: m.alert.linkRun }[step]
  return (
    <div className={css.ask}>
      {step === 'link'
        ? <Field label={m.alert.record} required stacked error={error} hint={m.alert.linkHint}>{(x) => <FieldEditor field={{ name: 'record', type: 'ref', to: 'incident', label: m.alert.record, required: true }} value={record} onChange={(v) => setRecord(v as string | null)} a11y={x} autoFocus />}</Field>
        : <Field label={step === 'false' ? m.alert.whyFalse : m.alert.how} required={step === 'false'} stacked error={error}>{(x) => <TextArea {...x} autoFocus rows={2} maxLength={1000} value={text} onChange={(e) => setText(e.target.value)} />}</Field>}
      <div className="row"><Button kind="primary" busy={busy !== ''} onClick={() => void go()}>{action}</Button><Button kind="quiet" onClick={onCancel}>{m.app.cancel}</Button></div>
    </div>
  )
}
