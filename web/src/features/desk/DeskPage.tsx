import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check, Sparkles } from 'lucide-react'
import { useDeferredValue, useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { api } from '@/api/client'
import type { Caller } from '@/api/party'
import { metaQuery, optionsQuery } from '@/api/queries'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import type { Option, Page, Summary } from '@/api/types'
import { focusField } from '@/shared/form/FormFields'
import { now as clockNow, useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { moment } from '@/shared/lib/time'
import { Button, ButtonLink } from '@/shared/ui/Button'
import { Choices } from '@/shared/ui/Choices'
import { Combo } from '@/shared/ui/Combo'
import { EmptyState } from '@/shared/ui/Empty'
import { Field, Input, TextArea } from '@/shared/ui/Field'
import { Kbd } from '@/shared/ui/Kbd'
import { toast } from '@/shared/ui/Toast'
import { Beside, type Hit } from './Beside'
import { CallBand } from './CallBand'
import { fresh, load, store, type Draft } from './draft'
import { HangUpDrawer, LaterDrawer, RelayDrawer } from './drawers'
import css from './desk.module.css'
import { callerName, dispatch, joinCall, placed, saveCall, saveIncident } from './register'
import { recognise, titleOf, when } from './when'

interface Props {
  /** Given by a telephone system that opens this page. */
  number?: string | undefined
  rings?: string | undefined
}

interface Done {
  sentence: string
  number: string
  warn?: boolean
}

/** A letter for each option: the first of its value, or a digit when two share one. */
function lettered(options: Option[]): (Option & { k: string })[] {
  const letters = options.map((o) => o.value[0]?.toUpperCase() ?? '')
  const clear = new Set(letters).size === letters.length && letters.every((l) => /[A-Z]/.test(l))
  return options.map((o, i) => ({ ...o, k: clear ? (letters[i] ?? '') : String(i + 1) }))
}

/** Registering a call without a mouse. */
export function DeskPage({ number = '', rings = '' }: Props) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const [done, setDone] = useState<Done | null>(null)
  const [round, setRound] = useState(0)
  if (!meta.types.some((t) => t.type === 'call' && t.create)) return <EmptyState action={<Link to="/">{m.app.toWork}</Link>}>{m.desk.noRight}</EmptyState>
  if (done) return <Finished done={done} onNext={() => (setDone(null), setRound(round + 1))} />
  return <Registration key={round} number={round === 0 ? number : ''} rings={round === 0 ? rings : ''} onDone={setDone} />
}

function Finished({ done, onNext }: { done: Done; onNext: () => void }) {
  const m = useM()
  useKeys([{ keys: 't', label: m.desk.again, group: m.desk.keys, run: onNext }])
  return (
    <div className={css.finished}>
      <Check size={28} strokeWidth={1.75} className={done.warn ? css.warn : css.good} aria-hidden />
      <h1>{m.desk.doneTitle}</h1>
      <p role="status">{done.sentence}</p>
      <div className="row">
        <Button kind="primary" autoFocus k="enter" onClick={onNext}>{m.desk.again}</Button>
        {done.number && <ButtonLink to="/r/$number" params={{ number: done.number }}>{m.desk.open}</ButtonLink>}
      </div>
      <p className="muted">{m.desk.againHint}</p>
    </div>
  )
}

function Registration({ number, rings, onDone }: { number: string; rings: string; onDone: (d: Done) => void }) {
  const m = useM()
  const now = useNow()
  const client = useQueryClient()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const session = useSession()
  const box = useRef<HTMLDivElement>(null)
  const [kept] = useState(() => (number ? null : load()))
  const [d, setDraft] = useState<Draft>(() => kept ?? fresh(number, rings))
  const latest = useRef(d)
  const [restored, setRestored] = useState(!!kept)
  const [busy, setBusy] = useState('')
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [failed, setFailed] = useState('')
  const [drawer, setDrawer] = useState<'later' | 'relay' | 'hang' | null>(null)

  const change = (patch: Partial<Draft>) => {
    latest.current = { ...latest.current, ...patch }
    setDraft(latest.current)
  }
  useEffect(() => store(d), [d])
  useEffect(() => focusField(number ? 'text' : kept ? 'text' : 'number', box.current ?? document), [number, kept])

  // ── the caller ────────────────────────────────────────────────────────────
  const dialled = useDeferredValue(d.number.trim())
  const digits = dialled.replace(/\D/g, '')
  const [typedFor, setTypedFor] = useState(dialled)
  useEffect(() => {
    const id = setTimeout(() => setTypedFor(dialled), 200)
    return () => clearTimeout(id)
  }, [dialled])
  const callers = useQuery({
    queryKey: ['callers', typedFor],
    queryFn: ({ signal }) => api.get<Page<Caller>>('/callers', { phone: typedFor }, signal),
    enabled: digits.length >= 3 && typedFor === dialled,
    staleTime: 5 * 60_000,
    retry: false,
  })
  const found = digits.length >= 3 && typedFor === dialled ? callers.data?.items : undefined
  const hit = found?.find((c) => c.person?.id && c.person.id === d.caller?.id) ?? (found?.length === 1 ? found[0] : undefined)
  const many = (found?.length ?? 0) > 1 && !hit

  const recogniseCaller = (c: Caller) => {
    const was = latest.current
    const free = (f: keyof Draft['auto'], value: unknown) => !value || was.auto[f]
    const auto = { ...was.auto }
    const patch: Partial<Draft> = { lookedUp: was.number.trim() }
    if (free('caller', was.caller) && c.person) {
      patch.caller = { id: c.person.id, name: c.person.name }
      patch.position = c.person.position
      patch.address = c.person.form_of_address
      patch.altPhone = c.person.masked ? '' : [c.person.phone, c.person.phone2].find((p) => p && p.replace(/\D/g, '') !== was.number.replace(/\D/g, '')) ?? ''
      auto.caller = true
    }
    if (free('customer', was.customer)) {
      patch.customer = { id: c.organisation.id, name: c.organisation.name }
      auto.customer = true
      const site = c.site ?? (c.sites.length === 1 ? c.sites[0] : undefined)
      if (free('site', was.site) && site) {
        patch.site = { id: site.id, name: site.name }
        auto.site = true
      }
      if (free('service', was.service) && c.services.length === 1 && c.services[0]) {
        patch.service = { id: c.services[0].id, name: c.services[0].name }
        auto.service = true
      }
    }
    if (free('phone', was.phone)) {
      patch.phone = was.number.trim()
      auto.phone = true
    }
    change({ ...patch, auto })
  }
  const seen = found && found.length <= 1 ? typedFor : null
  useEffect(() => {
    if (seen === null || latest.current.lookedUp === seen) return
    const only = found?.[0]
    if (only) recogniseCaller(only)
    else if (!latest.current.phone || latest.current.auto.phone) change({ phone: seen, lookedUp: seen, auto: { ...latest.current.auto, phone: true } })
    // The result of a look-up is taken over once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [seen])

  const sites = useQuery({ ...optionsQuery('site', '', d.customer?.id), enabled: !!d.customer?.id })
  const services = useQuery({ ...optionsQuery('service', '', d.customer?.id), enabled: !!d.customer?.id })
  useEffect(() => {
    const was = latest.current
    if (!was.customer?.id) return
    const patch: Partial<Draft> = {}
    const auto = { ...was.auto }
    const [site, service] = [sites.data, services.data].map((x) => (x?.length === 1 ? x[0] : undefined))
    if (!was.site && site) {
      patch.site = { id: site.id, name: site.label }
      auto.site = true
    }
    if (!was.service && service) {
      patch.service = { id: service.id, name: service.label }
      auto.service = true
    }
    if (patch.site || patch.service) change({ ...patch, auto })
  }, [sites.data, services.data])

  // ── what follows from the entry ───────────────────────────────────────────
  const expected = when(d.expected, now)
  const facts = recognise(d.text, now)
  const newFacts = { occurred: facts.occurred !== undefined && new Date(facts.occurred).toISOString() !== d.occurredAt ? facts.occurred : undefined, affected: facts.affected && facts.affected !== d.affected ? facts.affected : undefined }
  const takeFacts = () => change({ ...(newFacts.occurred !== undefined ? { occurredAt: new Date(newFacts.occurred).toISOString() } : {}), ...(newFacts.affected ? { affected: newFacts.affected } : {}) })
  const scheme = meta.schemes[0]
  const impacts = lettered(scheme?.impacts ?? [])
  const urgencies = lettered(scheme?.urgencies ?? [])
  const middle = (options: Option[]) => options.find((o) => o.value === 'medium') ?? options[Math.floor(options.length / 2)]
  const priority = scheme?.matrix[d.impact ?? middle(impacts)?.value ?? '']?.[d.urgency ?? middle(urgencies)?.value ?? ''] ?? null
  const priorityLabel = meta.priorities.find((p) => p.value === priority)?.label ?? ''

  const [question, setQuestion] = useState('')
  useEffect(() => {
    const id = setTimeout(() => setQuestion(d.text.trim().slice(0, 400)), 350)
    return () => clearTimeout(id)
  }, [d.text])
  const customer = d.customer?.id ?? ''
  const similar = useQuery({
    queryKey: ['similar', 'incident', customer, question],
    queryFn: ({ signal }) => api.get<{ items: Hit[] }>('/similar', { type: 'incident', customer, text: question, days: 30 }, signal),
    enabled: !!customer && question.length >= 4,
    staleTime: 30_000,
    placeholderData: (old) => old,
    retry: false,
  })
  const hits = customer && question.length >= 4 ? (similar.data?.items ?? []) : []
  const twin: Summary | undefined = hits[0]?.record

  // ── what is still missing ─────────────────────────────────────────────────
  const required: [string, string, boolean][] = [
    ['rings', m.desk.rings, d.rings !== ''],
    ['caller', m.desk.caller, !!callerName(d)],
    ['customerSite', m.desk.customerSite, !!d.customer?.id && !!d.site?.id],
    ['phone', m.desk.phone, !!d.phone.trim()],
    ['service', m.desk.product, !!d.service?.id],
    ['text', m.desk.text, !!d.text.trim()],
    ['expected', m.desk.expected, expected !== null],
  ]
  const byPhone = d.byPhone === 'yes'
  const wanted = byPhone ? required.filter(([f]) => ['rings', 'caller', 'customerSite', 'text'].includes(f)) : required
  const open = wanted.filter(([, , ok]) => !ok)

  const fail = (e: unknown) => {
    const at = e instanceof Problem ? placed(e.byField()) : {}
    setErrors(at)
    const shown = new Set(required.map(([f]) => f).concat('impact', 'urgency', 'assignee', 'requirement', 'number', 'guidance'))
    const loose = e instanceof Problem ? e.errors.filter((x) => !Object.keys(placed({ [x.field.replace(/^(body|fields)\./, '')]: '' })).some((f) => shown.has(f))).map((x) => x.detail) : []
    setFailed([say(e, m.error.network), ...loose].join(' '))
    const first = Object.keys(at)[0]
    if (first) requestAnimationFrame(() => focusField(first === 'customerSite' ? 'customerSite' : first, box.current ?? document))
  }
  const finish = (sentence: string, recordNumber: string, warn = false) => {
    store(null)
    void client.invalidateQueries({ predicate: (q) => ['work', 'list:incident', 'list:call', 'history'].includes(String(q.queryKey[0])) })
    onDone({ sentence, number: recordNumber, warn })
  }
  const run = async (what: string, fn: () => Promise<void>) => {
    if (busy) return
    setBusy(what)
    setErrors({})
    setFailed('')
    try {
      await fn()
    } catch (e) {
      fail(e)
    } finally {
      setBusy('')
    }
  }
  /** Goes to the first thing that is missing; true when there is one. */
  const stopAt = (list: [string, string, boolean][]) => {
    const first = list[0]
    if (!first) return false
    setErrors(Object.fromEntries(list.map(([f, label]) => [f, f === 'expected' && d.expected.trim() ? m.desk.expectedBad : m.form.requiredField(label)])))
    focusField(first[0], box.current ?? document)
    return true
  }
  const ringsFirst = (fn: () => void) => () => void (stopAt(required.filter(([f, , ok]) => f === 'rings' && !ok)) || fn())

  const register = () => {
    if (stopAt(open)) return
    void run('register', async () => {
      if (byPhone) {
        const call = await saveCall(latest.current, change)
        await api.post(`/calls/${call}/solve_by_phone`, d.guidance.trim() ? { guidance: d.guidance.trim() } : {})
        return finish(m.desk.savedPhone(call), call)
      }
      const record = await saveIncident(latest.current, clockNow(), change)
      try {
        const sent = await dispatch(record, d)
        finish(m.desk.savedTo(record.number, sent.assignee?.name ?? sent.team?.name ?? ''), record.number)
      } catch (e) {
        const why = e instanceof Problem && e.status === 403 ? m.desk.notYours : [say(e, m.error.network), ...(e instanceof Problem ? e.errors.map((x) => x.detail) : [])].join(' ')
        finish(m.desk.notDispatched(record.number, why), record.number, true)
      }
    })
  }
  const merge = () => {
    if (!twin || stopAt(required.filter(([f, , ok]) => f === 'rings' && !ok))) return
    void run('merge', async () => {
      const who = callerName(d) || d.number || m.desk.caller
      const call = await joinCall(latest.current, twin.number, twin.plural, (c) => m.desk.mergeNote(who, c, d.text.trim() || m.desk.mergeNoText), change)
      finish(m.desk.merged(call, twin.number), twin.number)
    })
  }
  const wrongNumber = ringsFirst(() =>
    void run('wrong', async () => {
      const call = await saveCall(latest.current, change)
      await api.post(`/calls/${call}/wrong_number`, {})
      finish(m.desk.wrongDone(call), call)
    }),
  )
  const openDrawer = (what: 'later' | 'relay' | 'hang') => ringsFirst(() => setDrawer(what))
  const clear = () => {
    store(null)
    latest.current = fresh()
    setDraft(latest.current)
    setRestored(false)
    setErrors({})
    setFailed('')
    focusField('number', box.current ?? document)
  }

  const jumps: [string, string, string][] = [
    ['1', 'caller', m.desk.caller], ['2', 'customerSite', m.desk.customerSite], ['3', 'phone', m.desk.phone], ['4', 'service', m.desk.product], ['5', 'text', m.desk.text],
    ['6', 'impact', m.desk.impact], ['7', 'urgency', m.desk.urgency], ['8', 'expected', m.desk.expected], ['9', 'byPhone', m.desk.byPhone], ['0', 'assignee', m.desk.dispatchTo],
  ]
  const group = m.desk.keys
  useKeys([
    ...jumps.map(([k, field, label]) => ({ keys: `alt+${k}`, label: m.desk.jumpTo(label), group, run: () => focusField(field, box.current ?? document) })),
    { keys: 'mod+enter', label: byPhone ? m.desk.solvedByPhone : m.desk.register, group, typing: true, run: register },
    { keys: 'alt+a', label: m.desk.taken, group, run: takeFacts },
    { keys: 'alt+m', label: m.desk.merge(twin?.number ?? ''), group, run: merge },
    { keys: 'alt+l', label: m.desk.later, group, run: openDrawer('later') },
    { keys: 'f6', label: m.desk.relay, group, typing: true, run: openDrawer('relay') },
    { keys: 'f7', label: m.desk.wrong, group, typing: true, run: wrongNumber },
    { keys: 'f8', label: m.desk.hangUp, group, typing: true, run: openDrawer('hang') },
  ])

  const nextOpen = () => {
    const order = ['rings', 'caller', 'customerSite', 'phone', 'service', 'text', 'expected']
    const first = order.find((f) => required.some(([name, , ok]) => name === f && !ok))
    focusField(first ?? 'text', box.current ?? document)
  }
  const callerNote = callers.isFetching ? m.desk.callerSearching : hit ? (hit.match === 'exact' ? m.desk.callerBy : m.desk.callerTail) : found?.length === 0 ? m.desk.callerUnknown : ''
  const script = m.desk.script(session.organisation.name, session.person.name)
  const jump = (k: string) => <span className={css.key}>{k && <Kbd k={`alt+${k}`} />}</span>

  return (
    <div className={css.page} ref={box}>
      <CallBand
        draft={d}
        script={script}
        errors={errors}
        onChange={(patch) => change(patch)}
        onNumberDone={nextOpen}
        onRelay={openDrawer('relay')}
        onWrong={wrongNumber}
        onHangUp={openDrawer('hang')}
      />
      <div className={css.columns}>
        <div className={css.main}>
          <header className={css.head}>
            <h1>{m.desk.title}</h1>
            <span className="muted num">{m.desk.required(wanted.length, wanted.length - open.length)}</span>
          </header>
          {restored && <p className={css.draft}>{m.desk.draftFound} <Button kind="link" onClick={clear}>{m.desk.drop}</Button></p>}
          {failed && <p className={css.alert} role="alert">{failed}</p>}

          <Field label={m.desk.caller} required name="caller" error={errors.caller} end={jump('1')}>
            {(a) => (
              <>
                <Sourced auto={!!d.auto.caller} note={<CallerNote exact={hit?.match === 'exact'} text={callerNote} title={[d.position, d.address && d.address !== d.caller?.name && m.desk.called(d.address)].filter(Boolean).join('，')} />}>
                  <Combo
                    a11y={a}
                    free
                    to="contact"
                    customer={d.customer?.id}
                    label={m.desk.caller}
                    className={cx(d.auto.caller && css.auto)}
                    value={d.caller}
                    maxLength={60}
                    placeholder={m.desk.callerHint}
                    onChange={(v) => change({ caller: v, auto: { ...d.auto, caller: undefined }, ...(v?.id === d.caller?.id && v?.id ? {} : { position: '', address: '', altPhone: '' }) } as Partial<Draft>)}
                  />
                </Sourced>
                {many && (
                  <div className={css.below}>
                    <span className="sub">{m.desk.callerMany(found?.length ?? 0)}</span>
                    <Letters options={(found ?? []).map((c, i) => ({ value: String(i), label: c.person?.name ?? c.site?.name ?? c.organisation.name, hint: c.organisation.short_name || c.organisation.name, k: String(i + 1) }))} label={m.desk.caller} value={null} onChange={(v) => { const c = found?.[Number(v)]; if (c) { recogniseCaller(c); nextOpen() } }} />
                  </div>
                )}
              </>
            )}
          </Field>
          <Field label={m.desk.customerSite} required name="customerSite" error={errors.customerSite} end={jump('2')}>
            {(a) => (
              <div className={css.pair}>
                <Combo
                  a11y={a}
                  to="customer"
                  label={m.desk.customer}
                  className={cx(d.auto.customer && css.auto)}
                  value={d.customer}
                  placeholder={m.desk.customer}
                  onChange={(v) => change({ customer: v, auto: { ...d.auto, customer: undefined, site: undefined, service: undefined }, ...(v?.id !== d.customer?.id ? { site: null, service: null } : {}) } as Partial<Draft>)}
                />
                <Combo
                  a11y={{ ...(a['aria-invalid'] ? { 'aria-invalid': true } : {}) }}
                  options={d.customer?.id && (sites.data?.length ?? 0) < 30 ? sites.data : undefined}
                  to="site"
                  customer={d.customer?.id}
                  label={m.desk.site}
                  className={cx(d.auto.site && css.auto)}
                  value={d.site}
                  placeholder={m.desk.site}
                  onChange={(v) => change({ site: v, auto: { ...d.auto, site: undefined } } as Partial<Draft>)}
                />
              </div>
            )}
          </Field>
          <Field label={m.desk.phone} required name="phone" error={errors.phone} end={jump('3')}>
            {(a) => (
              <Sourced auto={!!d.auto.phone} note={d.altPhone ? <span className="muted num">{m.desk.alsoPhone(d.altPhone)}</span> : null}>
                <Input {...a} type="tel" className={cx('num', d.auto.phone && css.auto)} maxLength={40} value={d.phone} onChange={(e) => change({ phone: e.target.value, auto: { ...d.auto, phone: undefined } } as Partial<Draft>)} />
              </Sourced>
            )}
          </Field>
          <Field label={m.desk.product} required name="service" error={errors.service} end={jump('4')}>
            {(a) => (
              <Combo
                a11y={a}
                options={d.customer?.id && (services.data?.length ?? 0) < 30 ? services.data : undefined}
                to="service"
                customer={d.customer?.id}
                label={m.desk.product}
                className={cx(d.auto.service && css.auto)}
                value={d.service}
                placeholder={m.desk.productHint}
                onChange={(v) => change({ service: v, auto: { ...d.auto, service: undefined } } as Partial<Draft>)}
              />
            )}
          </Field>
          <Field label={m.desk.text} required name="text" error={errors.text} end={jump('5')}>
            {(a) => (
              <>
                <TextArea {...a} rows={3} maxLength={20000} placeholder={m.desk.textHint} value={d.text} onChange={(e) => change({ text: e.target.value })} />
                {(newFacts.occurred !== undefined || newFacts.affected || d.occurredAt || d.affected) && (
                  <div className={css.facts}>
                    <Sparkles size={14} strokeWidth={1.75} aria-hidden />
                    {m.desk.recognised}
                    {d.occurredAt && newFacts.occurred === undefined && <span className={css.taken}><Check size={13} strokeWidth={2} aria-hidden />{m.desk.occurredAt(moment(d.occurredAt, now))}</span>}
                    {d.affected && !newFacts.affected && <span className={css.taken}><Check size={13} strokeWidth={2} aria-hidden />{m.desk.affects(d.affected)}</span>}
                    {(newFacts.occurred !== undefined || newFacts.affected) && (
                      <button type="button" className={css.take} onClick={takeFacts}>
                        {newFacts.occurred !== undefined && <span className={css.fact}>{m.desk.occurredAt(moment(newFacts.occurred, now))}</span>}
                        {newFacts.affected && <span className={css.fact}>{m.desk.affects(newFacts.affected)}</span>}
                        <span>{m.desk.take[0]}<Kbd k="alt+a" />{m.desk.take[1]}</span>
                      </button>
                    )}
                  </div>
                )}
              </>
            )}
          </Field>
          <Field label={m.desk.impact} name="impact" error={errors.impact} end={jump('6')}>
            {(a) => <Letters id={a.id} label={m.desk.impact} options={impacts} value={d.impact} onChange={(v) => change({ impact: v })} onChosen={() => focusField('urgency', box.current ?? document)} />}
          </Field>
          <Field label={m.desk.urgency} name="urgency" error={errors.urgency} end={jump('7')}>
            {(a) => <Letters id={a.id} label={m.desk.urgency} options={urgencies} value={d.urgency} onChange={(v) => change({ urgency: v })} onChosen={() => focusField('expected', box.current ?? document)} />}
          </Field>
          <Field label={m.desk.expected} required={!byPhone} name="expected" error={errors.expected || undefined} end={jump('8')}>
            {(a) => (
              <Sourced note={expected !== null ? <span className={cx(css.good, 'num')}>{moment(expected, now)}</span> : null}>
                <Input {...a} value={d.expected} maxLength={60} placeholder={m.desk.expectedHint} onChange={(e) => (change({ expected: e.target.value }), errors.expected && setErrors({ ...errors, expected: '' }))} onBlur={() => d.expected.trim() && expected === null && setErrors({ ...errors, expected: m.desk.expectedBad })} />
              </Sourced>
            )}
          </Field>
          <Field label={m.desk.byPhone} name="byPhone" end={jump('9')}>
            {(a) => (
              <Letters
                id={a.id}
                label={m.desk.byPhone}
                options={[{ value: 'yes', label: m.desk.byPhoneYes, k: 'Y' }, { value: 'no', label: m.desk.byPhoneNo, k: 'N' }]}
                value={d.byPhone}
                onChange={(v) => change({ byPhone: v as Draft['byPhone'] })}
                onChosen={(v) => requestAnimationFrame(() => focusField(v === 'yes' ? 'guidance' : 'assignee', box.current ?? document))}
              />
            )}
          </Field>
          {byPhone ? (
            <Field label={m.desk.guidance} name="guidance" error={errors.guidance} end={jump('')}>
              {(a) => <TextArea {...a} rows={3} maxLength={20000} placeholder={m.desk.guidanceHint} value={d.guidance} onChange={(e) => change({ guidance: e.target.value })} />}
            </Field>
          ) : (
            <>
              <Field label={m.desk.dispatchTo} name="assignee" error={errors.assignee} end={jump('0')}>
                {(a) => <Combo a11y={a} to="staff" label={m.desk.dispatchTo} value={d.assignee} placeholder={m.desk.dispatchAuto} onChange={(v) => change({ assignee: v })} />}
              </Field>
              <Field label={m.desk.requirement} name="requirement" error={errors.requirement} end={jump('')}>
                {(a) => <Input {...a} maxLength={500} value={d.requirement} placeholder={m.desk.requirementHint} onChange={(e) => change({ requirement: e.target.value })} />}
              </Field>
              <Field label={m.desk.message} end={jump('')}>
                {(a) => (
                  <output {...a} className={css.message}>
                    <span><span className="muted">{m.desk.messageNumber}</span> · {[priorityLabel, d.site?.name, titleOf(d.text)].filter(Boolean).join(' · ')}</span>
                    <span className="num">{[expected !== null && m.desk.expectedBy(moment(expected, now)), d.requirement.trim(), [callerName(d), d.phone].filter(Boolean).join(' ')].filter(Boolean).join(' · ')}</span>
                  </output>
                )}
              </Field>
            </>
          )}
        </div>
        <Beside draft={d} meta={meta} hits={hits} expected={expected} priority={priority} />
      </div>
      <footer className={css.foot}>
        <Button kind="primary" k="mod+enter" busy={busy === 'register'} onClick={register}>{byPhone ? m.desk.solvedByPhone : d.assignee ? m.desk.registerTo(d.assignee.name) : m.desk.register}</Button>
        {twin && <Button k="alt+m" busy={busy === 'merge'} onClick={merge}>{m.desk.merge(twin.number)}</Button>}
        <Button kind="quiet" k="alt+l" onClick={openDrawer('later')}>{m.desk.later}</Button>
        {open.length > 0 && <span className={css.missing} aria-live="polite">{m.desk.missing(open.map(([, label]) => m.desk.quoted(label)).join(m.app.listSep))}</span>}
      </footer>
      {drawer === 'later' && <LaterDrawer draft={d} keep={change} onDone={finish} onClose={() => setDrawer(null)} />}
      {drawer === 'relay' && <RelayDrawer draft={d} keep={change} onDone={finish} onClose={() => setDrawer(null)} />}
      {drawer === 'hang' && <HangUpDrawer draft={d} keep={change} onDone={(s, n) => (toast(s), finish(s, n))} onClose={() => setDrawer(null)} />}
    </div>
  )
}

/** An input with its source at the right: who filled it in. */
function Sourced({ note, auto, children }: { note: ReactNode; auto?: boolean; children: ReactNode }) {
  return (
    <div className={css.sourced} data-auto={auto ? '' : undefined}>
      {children}
      {note && <span className={css.source}>{note}</span>}
    </div>
  )
}

function CallerNote({ text, title, exact }: { text: string; title: string; exact: boolean }) {
  return (
    <>
      {title && <span className="muted">{title}</span>}
      {text && <span className={exact ? css.good : 'muted'} role="status">{exact && <Check size={13} strokeWidth={2} aria-hidden />} {text}</span>}
    </>
  )
}

/** Buttons that their letter chooses while the group has the focus. */
function Letters({ options, value, onChange, onChosen, label, id }: { options: { value: string; label: string; hint?: string | undefined; k: string }[]; value: string | null; onChange: (v: string | null) => void; onChosen?: (v: string) => void; label: string; id?: string }) {
  const onKey = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.altKey || e.metaKey || e.nativeEvent.isComposing) return
    const hit = options.find((o) => o.k.toLowerCase() === e.key.toLowerCase())
    if (!hit) return
    e.preventDefault()
    e.stopPropagation()
    onChange(hit.value)
    onChosen?.(hit.value)
  }
  return (
    <div onKeyDown={onKey}>
      <Choices id={id} label={label} options={options} value={value} onChange={onChange} clearable />
    </div>
  )
}

