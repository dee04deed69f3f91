import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { CopyCheck } from 'lucide-react'
import { useDeferredValue, useEffect, useRef, useState } from 'react'
import { api, onceKey } from '@/api/client'
import { metaQuery, recordQuery } from '@/api/queries'
import { say } from '@/api/problem'
import { useMe } from '@/api/session'
import type { RecordView, Summary, TypeMeta } from '@/api/types'
import { useAttempt } from '@/shared/form/attempt'
import { FormFields } from '@/shared/form/FormFields'
import { fieldsOf, filled, missing, required, schemeOf, type Values } from '@/shared/form/values'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { Button } from '@/shared/ui/Button'
import { Choices } from '@/shared/ui/Choices'
import { EmptyState } from '@/shared/ui/Empty'
import { Field } from '@/shared/ui/Field'
import { MatrixMini } from '@/shared/ui/MatrixMini'
import { Section } from '@/shared/ui/Section'
import { StateTag } from '@/shared/ui/StateTag'
import css from './CreatePage.module.css'

const draftKey = (type: string) => `steward.new.${type}`
function loadDraft(type: string): Values {
  try {
    return JSON.parse(localStorage.getItem(draftKey(type)) ?? '{}') as Values
  } catch {
    return {}
  }
}

/** The one page to open a record of any type: one column, what follows from the entry beside it. */
export function CreatePage({ type, preset }: { type: TypeMeta; preset: Record<string, string> }) {
  const m = useM()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const { box, busy, problem, refused, errorsOf, attempt, forget } = useAttempt()
  const once = useRef(onceKey())
  const [draft] = useState(() => loadDraft(type.type))
  const [values, setValues] = useState<Values>({ ...draft, ...preset })
  const [restored, setRestored] = useState(Object.keys(draft).length > 0)

  useEffect(() => {
    const kept = Object.fromEntries(Object.entries(values).filter(([, v]) => v !== null && v !== undefined && v !== ''))
    if (Object.keys(kept).length > 0) localStorage.setItem(draftKey(type.type), JSON.stringify(kept))
    else localStorage.removeItem(draftKey(type.type))
  }, [values, type.type])

  const spec = type.create
  const me = useMe()
  const workflows = type.workflows
  const workflow = (values.workflow as string | undefined) ?? workflows.find((w) => w.default)?.code ?? workflows[0]?.code ?? null
  const wanted = spec ? required(spec, { ...values, workflow }, me) : []
  const fields = spec ? fieldsOf([...new Set([...spec.fields, ...wanted])], type, meta, m) : []
  const open = missing(fields, wanted, values)
  const errors = errorsOf(open)
  const demanded = fields.filter((f) => wanted.includes(f.name))

  const submit = () =>
    attempt(open, async () => {
      const body = Object.fromEntries(Object.entries(values).filter(([, v]) => v !== null && v !== undefined && v !== ''))
      const record = await api.post<RecordView>(`/${type.plural}`, body, { once: once.current })
      localStorage.removeItem(draftKey(type.type))
      client.setQueryData(recordQuery(record.number).queryKey, record)
      void client.invalidateQueries({ predicate: (q) => q.queryKey[0] === 'work' || q.queryKey[0] === `list:${type.type}` })
      await navigate({ to: '/r/$number', params: { number: record.number } })
    }, () => { once.current = onceKey() })
  const clear = () => {
    setValues({ ...preset })
    setRestored(false)
    forget()
  }
  useKeys([
    { keys: 'mod+enter', label: m.create.submit(type.label), typing: true, run: () => void submit() },
    { keys: 'escape', label: m.keys.back, run: () => void navigate({ to: '/t/$plural', params: { plural: type.plural } }) },
  ])

  if (!spec) return <EmptyState action={<Link to="/">{m.app.toWork}</Link>}>{m.create.notAllowed}</EmptyState>
  const set = (name: string, v: unknown) => setValues((old) => ({ ...old, [name]: v }))
  const unplaced = refused?.errors.filter((e) => !fields.some((f) => e.field === f.name || e.field.startsWith(`${f.name}.`) || e.field.startsWith(`${f.name}[`))) ?? []
  return (
    <div className={css.page}>
      <div className={css.main}>
        <div className={css.scroll} ref={box}>
          <header className={css.head}>
            <h1>{m.create.title(type.label)}</h1>
            <span className="muted num">{m.create.required(demanded.filter((f) => filled(f, values[f.name])).length, demanded.length)}</span>
          </header>
          {restored && (
            <p className={css.draft}>
              {m.form.draftFound} <Button kind="link" onClick={clear}>{m.form.draftDrop}</Button>
            </p>
          )}
          {!!problem && (
            <div className={css.alert} role="alert">
              {say(problem, m.error.network)}
              {unplaced.map((e) => <div key={e.field}>{e.detail}</div>)}
            </div>
          )}
          {workflows.length > 1 && (
            <Field label={m.form.workflow} name="workflow">
              {(a) => <Choices id={a.id} label={m.form.workflow} options={workflows.map((w) => ({ value: w.code, label: w.label }))} value={workflow} onChange={(v) => v && set('workflow', v)} />}
            </Field>
          )}
          <FormFields fields={fields} required={wanted} values={values} errors={errors} customer={values.customer as string | undefined} onChange={set} focus={fields.find((f) => !filled(f, values[f.name]))?.name} />
        </div>
        <footer className={css.foot}>
          <Button kind="primary" k="mod+enter" busy={busy} onClick={() => void submit()}>{m.create.submit(type.label)}</Button>
          <Button kind="quiet" onClick={() => void navigate({ to: '/t/$plural', params: { plural: type.plural } })}>{m.app.cancel}</Button>
          {open.length > 0 && <span className={css.missing}>{m.form.missing(open.length, open.map((f) => f.label).join(m.app.listSep))}</span>}
        </footer>
      </div>
      <aside className={css.side} aria-label={m.create.similar}>
        <Beside type={type} values={values} />
      </aside>
    </div>
  )
}

/** What follows from the entry: the priority, and records that may be the same thing. */
function Beside({ type, values }: { type: TypeMeta; values: Values }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const scheme = schemeOf(type, meta)
  const impact = (values.impact as string | null) ?? null
  const urgency = (values.urgency as string | null) ?? null
  const text = useDeferredValue([values.title, values.description].filter(Boolean).join(' ').slice(0, 400))
  const customer = values.customer as string | undefined
  const similar = useQuery({
    queryKey: ['similar', type.type, customer ?? '', text],
    queryFn: ({ signal }) => api.get<{ items: { score: number; record: Summary }[] }>('/similar', { type: type.type, customer, text, days: 30 }, signal),
    enabled: !!type.similar && text.length >= 4,
    staleTime: 30_000,
    placeholderData: (old) => old,
    retry: false,
  })
  const hits = text.length >= 4 ? (similar.data?.items ?? []) : []
  const labels = Object.fromEntries((scheme?.priorities ?? []).map((p) => [p.value, p.label]))
  const hasMatrix = scheme && type.create?.fields.includes('impact')
  return (
    <>
      {hasMatrix && (
        <Section title={m.create.priority} aside={scheme.label}>
          <MatrixMini scheme={scheme} impact={impact} urgency={urgency} labels={labels} />
          {(!impact || !urgency) && <p className="muted">{m.create.priorityHint}</p>}
        </Section>
      )}
      {similar.isSuccess && (
        <Section title={m.create.similar}>
          {hits.length === 0 ? (
            <p className="muted">{m.create.noSimilar}</p>
          ) : (
            <ul className={css.similar}>
              {hits.slice(0, 5).map(({ score, record: r }) => (
                <li key={r.number}>
                  <div className="row">
                    <CopyCheck size={14} strokeWidth={1.75} aria-hidden />
                    <Link to="/r/$number" params={{ number: r.number }} className="no" target="_blank">{r.number}</Link>
                    <StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />
                    <span className={css.score}>{m.create.similarity(Math.round(score <= 1 ? score * 100 : score))}</span>
                  </div>
                  <div>{r.title}</div>
                </li>
              ))}
            </ul>
          )}
        </Section>
      )}
    </>
  )
}
