import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { api, onceKey } from '@/api/client'
import { metaQuery, optionsQuery, recordQuery } from '@/api/queries'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import type { RecordView, Summary, TypeMeta } from '@/api/types'
import { DateInput } from '@/shared/form/Dates'
import { focusField, FormFields } from '@/shared/form/FormFields'
import { fieldsOf, type Values } from '@/shared/form/values'
import { now as clockNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Choices } from '@/shared/ui/Choices'
import { Combo } from '@/shared/ui/Combo'
import { Field, Input, TextArea } from '@/shared/ui/Field'
import { toast } from '@/shared/ui/Toast'
import { typesOf } from './model'
import { PhotoButton, PhotoList, usePhotos } from './parts'
import css from './portal.module.css'

interface Draft {
  title: string
  description: string
  site: { id: string; name: string } | null
  service: { id: string; name: string } | null
  urgency: string | null
  since: string | null
  occurred: string
  phone: string
  more: Values
}

const key = (type: string) => `steward.portal.${type}`
const blank = (phone: string): Draft => ({ title: '', description: '', site: null, service: null, urgency: null, since: null, occurred: '', phone, more: {} })
const load = (type: string, phone: string): Draft | null => {
  try {
    const d = JSON.parse(sessionStorage.getItem(key(type)) ?? 'null') as Draft | null
    return d && (d.title || d.description) ? { ...blank(phone), ...d } : null
  } catch {
    return null
  }
}

/** Fields this page asks for itself, in its own words. */
const own = ['title', 'description', 'site', 'service', 'urgency', 'impact', 'occurred_at', 'contact_phone', 'photos', 'customer', 'requester', 'channel', 'affected', 'phenomenon', 'applicant_department', 'expected_solve_at', 'reason', 'wanted_by', 'priority']

/** Reporting a fault, or asking for something: few questions, plain words. */
export function NewReportPage({ type }: { type: TypeMeta }) {
  const m = useM()
  const session = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const box = useRef<HTMLFormElement>(null)
  const once = useRef(onceKey())
  const myPhone = session.person.phone ?? ''
  const [kept] = useState(() => load(type.type, myPhone))
  const [d, setD] = useState<Draft>(() => kept ?? blank(myPhone))
  const [restored, setRestored] = useState(!!kept)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [failed, setFailed] = useState('')
  const [busy, setBusy] = useState(false)
  const { photos, add, retry, remove, ids, sending } = usePhotos()
  const asked = new Set([...(type.create?.fields ?? []), ...(type.create?.require ?? [])])
  const fault = type.type === 'incident'
  const fieldOf: Partial<Record<keyof Draft, string>> = { since: 'occurred_at', occurred: 'occurred_at', phone: 'contact_phone' }
  const set = (patch: Partial<Draft>) => {
    setD((old) => ({ ...old, ...patch }))
    const touched = Object.keys(patch).map((k) => fieldOf[k as keyof Draft] ?? k)
    if (touched.some((k) => errors[k])) setErrors((old) => Object.fromEntries(Object.entries(old).filter(([k]) => !touched.includes(k))))
  }

  useEffect(() => {
    if (d.title || d.description) sessionStorage.setItem(key(type.type), JSON.stringify(d))
    else sessionStorage.removeItem(key(type.type))
  }, [d, type.type])

  const sites = useQuery({ ...optionsQuery('site', ''), enabled: asked.has('site') })
  const services = useQuery({ ...optionsQuery('service', ''), enabled: asked.has('service') })
  useEffect(() => {
    const only = sites.data?.length === 1 ? sites.data[0] : undefined
    if (only) setD((old) => (old.site ? old : { ...old, site: { id: only.id, name: only.label } }))
  }, [sites.data])

  const [question, setQuestion] = useState('')
  useEffect(() => {
    const id = setTimeout(() => setQuestion(`${d.title} ${d.description}`.trim().slice(0, 400)), 500)
    return () => clearTimeout(id)
  }, [d.title, d.description])
  const similar = useQuery({
    queryKey: ['similar', type.type, '', question],
    queryFn: ({ signal }) => api.get<{ items: { score: number; record: Summary }[] }>('/similar', { type: type.type, text: question, days: 14 }, signal),
    enabled: question.length >= 4,
    staleTime: 60_000,
    placeholderData: (old) => old,
    retry: false,
  })
  const alike = question.length >= 4 ? (similar.data?.items ?? []).filter((x) => x.record.state.kind !== 'done' && x.record.state.kind !== 'cancelled' && x.score >= 0.3).slice(0, 2) : []

  const extra = fieldsOf([...asked].filter((f) => !own.includes(f)), type, meta, m).filter((f) => f.public && !f.read_only)
  const demanded = type.create?.require ?? []
  const missing: [string, string][] = [
    ...(d.title.trim() ? [] : [['title', fault ? m.portal.what : m.portal.askWhat] as [string, string]]),
    ...(d.description.trim() || !demanded.includes('description') ? [] : [['description', m.portal.detail] as [string, string]]),
  ]
  const submit = async () => {
    if (busy) return
    if (missing[0]) {
      setErrors(Object.fromEntries(missing.map(([f, label]) => [f, m.form.requiredField(label)])))
      return focusField(missing[0][0], box.current ?? document)
    }
    if (sending) return setFailed(m.portal.waitPhotos)
    setBusy(true)
    setErrors({})
    setFailed('')
    const occurred = d.since === 'now' ? new Date(clockNow()).toISOString() : d.occurred
    const body: Values = { title: d.title.trim(), description: d.description.trim(), ...d.more }
    const put = (name: string, v: unknown) => {
      if (asked.has(name) && v !== null && v !== undefined && v !== '') body[name] = v
    }
    put('site', d.site?.id)
    put('service', d.service?.id)
    put('urgency', d.urgency)
    put('occurred_at', occurred)
    put('contact_phone', d.phone.trim())
    if (ids.length > 0 && asked.has('photos')) body.photos = ids
    try {
      const record = await api.post<RecordView>(`/${type.plural}`, body, { once: once.current })
      if (ids.length > 0 && !asked.has('photos')) await api.put(`/${type.plural}/${record.number}/attachments`, { files: ids, public: true }).catch(() => undefined)
      sessionStorage.removeItem(key(type.type))
      client.setQueryData(recordQuery(record.number).queryKey, record)
      void client.invalidateQueries({ queryKey: [`list:${type.type}`] })
      toast(m.portal.sent(record.number))
      await navigate({ to: '/portal/r/$number', params: { number: record.number } })
    } catch (e) {
      once.current = onceKey()
      const at = e instanceof Problem ? e.byField() : {}
      setErrors(at)
      setFailed([say(e, m.error.network), ...(e instanceof Problem ? e.errors.filter((x) => !box.current?.querySelector(`[data-field="${CSS.escape(x.field)}"]`)).map((x) => x.detail) : [])].join(' '))
      const first = Object.keys(at)[0]
      if (first) requestAnimationFrame(() => focusField(first, box.current ?? document))
    } finally {
      setBusy(false)
    }
  }
  const urgencies = type.fields.find((f) => f.name === 'urgency')?.options ?? meta.schemes[0]?.urgencies ?? []
  const title = fault ? m.portal.reportTitle : type.type === 'request' ? m.portal.askService : m.portal.ask(type.label)
  return (
    <div className={css.formPage}>
      <Link to="/portal" className={css.back}><ChevronLeft size={16} strokeWidth={1.75} aria-hidden />{m.portal.back}</Link>
      <h1 className={css.pageTitle}>{title}</h1>
      <form
        ref={box}
        className={css.formCard}
        noValidate
        onSubmit={(e) => {
          e.preventDefault()
          void submit()
        }}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
            e.preventDefault()
            void submit()
          }
        }}
      >
        {restored && <p className="sub">{m.portal.draft} <Button kind="link" onClick={() => (setD(blank(myPhone)), setRestored(false))}>{m.portal.drop}</Button></p>}
        {failed && <p className={css.alert} role="alert">{failed}</p>}
        <Field label={fault ? m.portal.what : m.portal.askWhat} required stacked name="title" error={errors.title}>
          {(a) => <Input {...a} autoFocus maxLength={200} placeholder={fault ? m.portal.whatHint : m.portal.askWhatHint} value={d.title} onChange={(e) => set({ title: e.target.value })} />}
        </Field>
        <Field label={m.portal.detail} required={demanded.includes('description')} stacked name="description" error={errors.description}>
          {(a) => <TextArea {...a} rows={4} maxLength={20000} placeholder={fault ? m.portal.detailHint : m.portal.askDetailHint} value={d.description} onChange={(e) => set({ description: e.target.value })} onPaste={(e) => e.clipboardData.files.length > 0 && (e.preventDefault(), add(e.clipboardData.files))} />}
        </Field>
        {alike.length > 0 && (
          <div className={css.alike} role="status">
            <b>{m.portal.similar}</b> <span className="sub">{m.portal.similarHint}</span>
            <ul>{alike.map(({ record: r }) => <li key={r.number}><Link to="/portal/r/$number" params={{ number: r.number }}>{r.title}</Link> <span className="muted no">{r.number}</span> <span className="sub">{r.state.label}</span></li>)}</ul>
          </div>
        )}
        {asked.has('site') && (sites.data?.length ?? 0) !== 0 && (
          <Field label={m.portal.where} stacked name="site" error={errors.site}>
            {(a) => (sites.data && sites.data.length <= 4
              ? <Choices id={a.id} label={m.portal.where} clearable options={sites.data.map((s) => ({ value: s.id, label: s.label }))} value={d.site?.id} onChange={(v) => set({ site: v ? { id: v, name: sites.data.find((s) => s.id === v)?.label ?? '' } : null })} />
              : <Combo a11y={a} to="site" label={m.portal.where} placeholder={m.portal.whereHint} value={d.site} onChange={(v) => set({ site: v })} />)}
          </Field>
        )}
        {asked.has('service') && (services.data?.length ?? 0) !== 0 && (
          <Field label={m.portal.which} stacked name="service" error={errors.service} hint={m.portal.whichHint}>
            {(a) => (services.data && services.data.length <= 4
              ? <Choices id={a.id} label={m.portal.which} clearable options={services.data.map((s) => ({ value: s.id, label: s.label }))} value={d.service?.id} onChange={(v) => set({ service: v ? { id: v, name: services.data.find((s) => s.id === v)?.label ?? '' } : null })} />
              : <Combo a11y={a} to="service" label={m.portal.which} placeholder={m.portal.whichHint} value={d.service} onChange={(v) => set({ service: v })} />)}
          </Field>
        )}
        {asked.has('urgency') && urgencies.length > 0 && (
          <Field label={m.portal.urgency} stacked name="urgency" error={errors.urgency}>
            {(a) => <Choices id={a.id} label={m.portal.urgency} clearable options={urgencies.map((u) => ({ value: u.value, label: m.portal.urgencies[u.value] ?? [u.label, u.hint].filter(Boolean).join('，') }))} value={d.urgency} onChange={(v) => set({ urgency: v })} />}
          </Field>
        )}
        {fault && asked.has('occurred_at') && (
          <Field label={m.portal.since} stacked name="occurred_at" error={errors.occurred_at}>
            {(a) => (
              <div className={css.since}>
                <Choices id={a.id} label={m.portal.since} clearable options={[{ value: 'now', label: m.portal.sinceNow }, { value: 'today', label: m.portal.sinceToday }, { value: 'before', label: m.portal.sinceBefore }]} value={d.since} onChange={(v) => set({ since: v, occurred: '' })} />
                {(d.since === 'today' || d.since === 'before') && <DateInput field={{ name: 'occurred_at', type: 'datetime', label: m.portal.since }} value={d.occurred} onChange={(v) => set({ occurred: typeof v === 'string' ? v : '' })} a11y={{ id: `${a.id}-at`, 'aria-label': m.portal.since } as { id: string }} />}
              </div>
            )}
          </Field>
        )}
        {extra.length > 0 && <FormFields stacked fields={extra.map((f) => ({ ...f, group: '' }))} required={demanded} values={d.more} errors={errors} onChange={(name, v) => set({ more: { ...d.more, [name]: v } })} />}
        <Field label={m.portal.photos} stacked name="photos" error={errors.photos} hint={m.portal.photoHint}>
          {() => (
            <div className={css.photoBox} onDragOver={(e) => e.preventDefault()} onDrop={(e) => (e.preventDefault(), add(e.dataTransfer.files))}>
              <PhotoList photos={photos} onRemove={remove} onRetry={retry} />
              <PhotoButton label={m.portal.addPhoto} onAdd={(f) => add(f)} />
            </div>
          )}
        </Field>
        {asked.has('contact_phone') && (
          <Field label={m.portal.phone} stacked name="contact_phone" error={errors.contact_phone} hint={m.portal.phoneHint}>
            {(a) => <Input {...a} type="tel" className="num" maxLength={40} autoComplete="tel" value={d.phone} onChange={(e) => set({ phone: e.target.value })} />}
          </Field>
        )}
        <div className={css.formFoot}>
          <Button type="submit" kind="primary" size="large" busy={busy}>{fault ? m.portal.send : m.portal.sendAsk}</Button>
          {missing.length > 0 && (d.title || d.description) && <span className={css.missing}>{m.portal.missing(missing.map(([, l]) => l).join(m.app.listSep))}</span>}
        </div>
      </form>
    </div>
  )
}

/** The page of a kind by its plural, or that there is none. */
export function NewByPlural({ plural }: { plural: string }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const type = typesOf(meta).find((t) => t.plural === plural)
  return type ? <NewReportPage type={type} key={type.type} /> : <p className={css.empty}>{m.portal.notHere} <Link to="/portal">{m.portal.toHome}</Link></p>
}
