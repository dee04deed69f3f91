import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { dutyQuery } from '@/api/duty'
import { api, onceKey } from '@/api/client'
import { metaQuery, recordQuery } from '@/api/queries'
import { say } from '@/api/problem'
import { useMe, useSession } from '@/api/session'
import type { Page, RecordView, Summary } from '@/api/types'
import { useAttempt } from '@/shared/form/attempt'
import { FormFields } from '@/shared/form/FormFields'
import { fieldsOf, missing, required, type Values } from '@/shared/form/values'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { moment } from '@/shared/lib/time'
import { Button, ButtonTo } from '@/shared/ui/Button'
import { EmptyState } from '@/shared/ui/Empty'
import { PageFrame } from '@/shared/ui/Page'
import { PriorityMark } from '@/shared/ui/PriorityMark'
import { Section } from '@/shared/ui/Section'
import { StateTag } from '@/shared/ui/StateTag'
import home from './home.module.css'
import { someQuery } from './queries'

interface HeldAlert {
  id: string
  title: string
  object: string
  held: string
}

/** Hands a shift over: what is open is listed by itself, the rest is told, and it is signed. */
export function HandoverPage() {
  const m = useM()
  const now = useNow()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const me = useMe()
  const session = useSession()
  const { box, busy, problem, errorsOf, attempt } = useAttempt()
  const once = useRef(onceKey())
  const type = meta.types.find((t) => t.type === 'handover')
  const [values, setValues] = useState<Values>({})
  const team = session.teams[0]
  const scope = team ? { team: 'mine' } : { assignee: 'me' }
  const incidents = useQuery(someQuery('incident', 'incidents', { open: true, ...scope, limit: 30 })).data ?? []
  const requests = useQuery(someQuery('request', 'requests', { open: true, ...scope, limit: 30 })).data ?? []
  const held = useQuery({ queryKey: ['list:alert', 'held'], queryFn: () => api.get<Page<HeldAlert>>('/alerts', { held: 'true', open: 'true', limit: 50 }), select: (p) => p.items, retry: false, enabled: session.perms.includes('alert.read') }).data
  const giving = useQuery(someQuery('handover', 'handovers', { open: true, limit: 10 })).data ?? []
  const duty = useQuery(dutyQuery()).data?.find((t) => t.people.some((p) => p.id === session.person.id))
  const until = duty?.people.find((p) => p.id === session.person.id)?.until
  const then = useQuery({ ...dutyQuery(until), enabled: !!until }).data?.find((t) => t.roster.id === duty?.roster.id)?.people.find((p) => p.id !== session.person.id)
  // Alarms that are kept back now are part of what the next person has to know.
  const [took, setTook] = useState(false)
  if (held && !took) {
    setTook(true)
    if (held.length > 0) setValues((v) => ({ ...v, silenced: held.map((a) => ({ alarm: `${a.object} ${a.title}`.trim().slice(0, 200), reason: a.held === 'window' ? m.duty.heldWindow : m.duty.heldThreshold })) }))
  }
  const [suggested, setSuggested] = useState(false)
  if (then && !suggested) {
    setSuggested(true)
    if (!values.taker) setValues((v) => ({ ...v, taker: then.id }))
  }
  useKeys([
    { keys: 'mod+enter', label: m.duty.signAndHand, typing: true, run: () => void submit() },
    { keys: 'escape', label: m.keys.back, run: () => void navigate({ to: '/duty', search: {} }) },
  ])
  if (!type?.create) return <EmptyState action={<ButtonTo to="/duty">{m.duty.title}</ButtonTo>}>{m.create.notAllowed}</EmptyState>
  const wanted = required(type.create, values, me)
  const fields = fieldsOf([...new Set([...type.create.fields, ...wanted])], type, meta, m).filter((f) => f.name !== 'team').sort((a, b) => type.fields.findIndex((x) => x.name === a.name) - type.fields.findIndex((x) => x.name === b.name))
  const open = missing(fields, wanted, values)
  const errors = errorsOf(open)
  const submit = () =>
    attempt(open, async () => {
      const body = Object.fromEntries(Object.entries(values).filter(([, v]) => v !== null && v !== undefined && v !== ''))
      const record = await api.post<RecordView>('/handovers', body, { once: once.current })
      client.setQueryData(recordQuery(record.number).queryKey, record)
      void client.invalidateQueries({ predicate: (q) => q.queryKey[0] === 'work' || q.queryKey[0] === 'list:handover' })
      await navigate({ to: '/r/$number', params: { number: record.number } })
    }, () => { once.current = onceKey() })
  return (
    <PageFrame title={m.duty.handOver} sub={m.duty.handOverHint} padded>
      <div className={home.handover}>
        <div ref={box}>
          {!!problem && <p className={home.alert} role="alert">{say(problem, m.error.network)}</p>}
          <FormFields fields={fields} required={wanted} values={values} errors={errors} names={then ? { [then.id]: then.name } : {}} onChange={(name, v) => setValues((old) => ({ ...old, [name]: v }))} focus="system_state" />
          <div className={home.foot}>
            <Button kind="primary" k="mod+enter" busy={busy} onClick={() => void submit()}>{m.duty.signAndHand}</Button>
            <Button kind="quiet" onClick={() => void navigate({ to: '/duty', search: {} })}>{m.app.cancel}</Button>
            {open.length > 0 && <span className="muted">{m.form.missing(open.length, open.map((f) => f.label).join(m.app.listSep))}</span>}
          </div>
        </div>
        <aside aria-label={m.duty.comesAlong}>
          <Section title={m.duty.comesAlong} aside={<span className="num">{incidents.length + requests.length}</span>}>
            <p className="muted">{m.duty.comesAlongHint}</p>
            <Records rows={[...incidents, ...requests]} now={now} empty={m.duty.nothingOpen} />
          </Section>
          <Section title={m.duty.openHandovers} aside={giving.length > 0 ? <span className="num">{giving.length}</span> : undefined}>
            <Records rows={giving} now={now} empty={m.duty.noOpenHandovers} />
          </Section>
        </aside>
      </div>
    </PageFrame>
  )
}

function Records({ rows, now, empty }: { rows: Summary[]; now: number; empty: string }) {
  if (rows.length === 0) return <p className="muted">{empty}</p>
  return (
    <ul>
      {rows.map((r) => (
        <li key={r.number} className={home.rec}>
          {r.priority?.mark === 'urgent' && <PriorityMark mark={r.priority.mark} label={r.priority.label} />}
          <Link to="/r/$number" params={{ number: r.number }} className="no">{r.number}</Link>
          <span className="grow">{r.title}</span>
          <StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />
          {r.due_at && <span className="muted num">{moment(r.due_at, now)}</span>}
        </li>
      ))}
    </ul>
  )
}
