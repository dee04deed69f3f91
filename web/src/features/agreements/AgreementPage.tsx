import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ChevronLeft, CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { api, onceKey } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { metaQuery } from '@/api/queries'
import { useSession } from '@/api/session'
import { agreementsKey, agreementsQuery, calendarsQuery, clauseNames, type Agreement, type AgreementKind } from '@/api/sla'
import type { FieldMeta } from '@/api/types'
import { DateInput } from '@/shared/form/Dates'
import { FieldEditor, focusField } from '@/shared/form/FormFields'
import { pick, useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { week } from '@/shared/promise/hours'
import { Replay } from '@/shared/promise/Replay'
import { Button } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Choices } from '@/shared/ui/Choices'
import { Confirm } from '@/shared/ui/Confirm'
import { Dialog } from '@/shared/ui/Dialog'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Field, Input, TextArea } from '@/shared/ui/Field'
import { PageFrame } from '@/shared/ui/Page'
import { ProblemNote } from '@/shared/ui/ProblemNote'
import { toast } from '@/shared/ui/Toast'
import { StateChip } from './AgreementsPage'
import css from './agreements.module.css'
import { Matrix } from './Matrix'
import { agreementOf, badCells, badSteps, draftOf, lacking, useLevels, useNames, type Draft } from './model'
import { Steps } from './Steps'

/** One agreement: what is promised, to whom, on what it rests, and what it still lacks. */
export function AgreementPage({ id }: { id: string }) {
  const m = useM()
  const list = useQuery(agreementsQuery)
  if (list.isPending) return <Skeleton rows={10} kind="record" />
  if (list.isError) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />
  const found = list.data.find((a) => a.id === id) ?? null
  if (!found && id !== 'new') return <EmptyState action={<Link to="/agreements">{m.agreements.back}</Link>}>{m.app.notFound}</EmptyState>
  return <Editor key={[id, found?.version, found?.active_version, found?.state].join()} old={found} />
}

function Editor({ old }: { old: Agreement | null }) {
  const m = useM()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { perms } = useSession()
  const may = perms.includes('sla.manage')
  const [d, setD] = useState<Draft>(() => draftOf(old))
  const [once] = useState(onceKey)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const [asking, setAsking] = useState<'activate' | 'retire' | null>(null)
  const set = (patch: Partial<Draft>) => setD((x) => ({ ...x, ...patch }))
  const dirty = JSON.stringify(d) !== JSON.stringify(draftOf(old))
  const a = agreementOf(d)
  const missing = lacking(a)
  const bad = badCells(d), wrongSteps = badSteps(d)
  const wrong = !d.code.trim() || !d.label.zh.trim() || !d.label.en.trim() || !d.calendar || bad.length > 0 || wrongSteps.includes(true)
  const again = () => client.invalidateQueries({ queryKey: agreementsKey })

  const save = async () => {
    setTried(true)
    if (busy || !may || !dirty) return
    if (wrong) return focusField(!d.code.trim() ? 'code' : !d.label.zh.trim() ? 'label' : !d.label.en.trim() ? 'label_en' : !d.calendar ? 'calendar' : bad.length > 0 ? 'targets' : 'steps')
    setBusy(true)
    setProblem(null)
    try {
      const made = old ? await api.put<Agreement>(`/agreements/${old.id}`, a, { version: old.version }) : await api.post<Agreement>('/agreements', a, { once })
      await again()
      toast(m.agreements.saved(made.version ?? 1))
      if (!old) void navigate({ to: '/agreements/$id', params: { id: made.id ?? '' }, replace: true })
    } catch (e) {
      setProblem(e)
      if (e instanceof Problem && e.stale) void again()
    } finally {
      setBusy(false)
    }
  }
  useKeys([{ keys: 'mod+enter', label: m.agreements.save, typing: true, run: () => void save() }])
  const retire = async () => {
    try {
      await api.post(`/agreements/${old?.id}/retire`)
      await again()
      toast(m.agreements.retired)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    } finally {
      setAsking(null)
    }
  }
  const refused = problem instanceof Problem ? problem.byField() : {}
  const inForce = old?.state === 'active' && old.active_version === old.version
  return (
    <PageFrame
      title={<span className={css.title}><Link to="/agreements" aria-label={m.agreements.back} className={css.back}><ChevronLeft size={18} strokeWidth={1.75} aria-hidden /></Link>{old ? pick(old.label) : m.agreements.add}{old && <span className="muted">{old.code} · {m.promise.version(old.version ?? 1)}</span>}{old && <StateChip a={old} />}</span>}
      sub={may ? undefined : m.agreements.readOnly}
      tools={may && old && (
        <>
          {old.state === 'active' && <Button kind="quiet" onClick={() => setAsking('retire')}>{m.agreements.retire}</Button>}
          {!inForce && !dirty && missing.length === 0 && <Button kind="primary" onClick={() => setAsking('activate')}>{m.agreements.activate}…</Button>}
        </>
      )}
      padded
    >
      <ProblemNote problem={problem} />
      <div className={css.columns}>
        <fieldset disabled={!may} className={css.form}>
          <Parties d={d} set={set} fixed={!!old} may={may} tried={tried} refused={refused} />
          <Time d={d} set={set} may={may} tried={tried} />
          <Matrix d={d} set={set} may={may} bad={bad} />
          <Steps d={d} set={set} may={may} bad={tried ? wrongSteps : []} />
          <section className={css.block}>
            <h2>{m.agreements.clauses}</h2>
            {clauseNames.map((c) => (
              <Field key={c} name={`clauses.${c}`} label={m.agreements.clauseNames[c]} stacked>
                {(x) => <TextArea {...x} maxLength={4000} rows={2} value={d.clauses?.[c] ?? ''} onChange={(e) => set({ clauses: { ...d.clauses, [c]: e.target.value } })} />}
              </Field>
            ))}
          </section>
        </fieldset>
        <aside className={css.side} aria-label={m.agreements.state}>
          <Complete missing={missing} inForce={inForce && !dirty ? old.version : undefined} />
          {may && <p className={css.hint}>{old ? m.agreements.versionNote((old.version ?? 1) + 1) : m.agreements.draftNote}</p>}
          {may && old?.active_version && dirty && !wrong ? <Replay label={m.agreements.preview} proposal={{ agreement: { ...a, id: old.id ?? '' } }} /> : null}
        </aside>
      </div>
      {may && dirty && (
        <div className={css.saveBar}>
          <Button kind="primary" k="mod+enter" busy={busy} onClick={() => void save()}>{old ? m.agreements.save : m.agreements.saveDraft}</Button>
          <Button kind="quiet" onClick={() => (setD(draftOf(old)), setTried(false), setProblem(null))}>{m.admin.discard}</Button>
          <span className={css.unsaved}>{m.agreements.unsaved}</span>
        </div>
      )}
      {asking === 'activate' && old && <Activate a={old} onClose={() => setAsking(null)} onDone={again} />}
      {asking === 'retire' && old && <Confirm title={m.agreements.retireTitle(pick(old.label))} action={m.agreements.retireRun} danger onConfirm={retire} onClose={() => setAsking(null)}>{m.agreements.retireText}</Confirm>}
    </PageFrame>
  )
}

/** What is missing to put it in force, each a way to the place. */
function Complete({ missing, inForce }: { missing: string[]; inForce: number | undefined }) {
  const m = useM()
  const name = (code: string) => (code.startsWith('clauses.') ? m.agreements.clauseNames[code.slice(8)] : m.agreements.lacking[code]) ?? code
  if (missing.length === 0) return <p className={css.complete} role="status"><CircleCheck size={15} strokeWidth={1.75} aria-hidden /> {inForce ? m.agreements.completeInForce(inForce) : m.agreements.complete}</p>
  return (
    <div className={css.missing} role="status">
      <b>{m.agreements.missing(missing.length)}</b>
      <ul>{missing.map((c) => <li key={c}><Button kind="link" onClick={() => focusField(c.startsWith('targets') ? 'targets' : c)}>{name(c)}</Button></li>)}</ul>
    </div>
  )
}

interface PartProps {
  d: Draft
  set: (patch: Partial<Draft>) => void
  may: boolean
  tried: boolean
}

function Parties({ d, set, fixed, may, tried, refused }: PartProps & { fixed: boolean; refused: Record<string, string> }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const need = (text: string | undefined, label: string) => (tried && !text?.trim() ? m.form.requiredField(label) : undefined)
  const known = { ...useNames('/organisations', [d.customer]), ...useNames('/services', d.applies?.services ?? []), ...useNames('/teams', d.applies?.teams ?? []) }
  const reach = (patch: Partial<NonNullable<Draft['applies']>>) => set({ applies: { ...d.applies, ...patch } })
  const ref = (field: FieldMeta, value: unknown, change: (v: unknown) => void, customer?: string) => (x: { id: string }) => <FieldEditor field={field} value={value} onChange={change} a11y={x} names={known} customer={customer} />
  const list = (v: unknown) => (Array.isArray(v) ? (v as string[]) : [])
  return (
    <section className={css.block}>
      <h2>{m.agreements.parties}</h2>
      <Field name="kind" label={m.agreements.kind}>{(x) => <Choices id={x.id} label={m.agreements.kind} disabled={fixed || !may} value={d.kind} onChange={(v) => v && set({ kind: v as AgreementKind })} options={Object.entries(m.agreements.kinds).map(([value, label]) => ({ value, label }))} />}</Field>
      <Field name="code" label={m.agreements.code} required hint={m.agreements.codeHint} error={refused.code ?? need(d.code, m.agreements.code)}>{(x) => <Input {...x} value={d.code} maxLength={60} onChange={(e) => set({ code: e.target.value })} />}</Field>
      <Field name="label" label={m.agreements.name} required error={refused.label ?? need(d.label.zh, m.agreements.name)}>{(x) => <Input {...x} value={d.label.zh} maxLength={200} onChange={(e) => set({ label: { ...d.label, zh: e.target.value } })} />}</Field>
      <Field name="label_en" label={m.agreements.nameEn} required error={need(d.label.en, m.agreements.nameEn)}>{(x) => <Input {...x} value={d.label.en} maxLength={200} onChange={(e) => set({ label: { ...d.label, en: e.target.value } })} />}</Field>
      {fixed ? (
        <Field name="customer" label={m.agreements.customer}>{(x) => <Input {...x} readOnly value={d.customer ? (known[d.customer] ?? '') : m.agreements.everyCustomer} />}</Field>
      ) : (
        <Field name="customer" label={m.agreements.customer} hint={d.customer ? undefined : m.agreements.everyCustomer}>{ref({ name: 'customer', type: 'ref', to: 'customer', label: m.agreements.customer }, d.customer ?? null, (v) => set({ customer: typeof v === 'string' ? v : '' }))}</Field>
      )}
      {d.kind === 'uc' && <Field name="supplier" label={m.agreements.supplier}>{(x) => <Input {...x} value={d.supplier ?? ''} maxLength={200} onChange={(e) => set({ supplier: e.target.value })} />}</Field>}
      <Field name="types" label={m.agreements.types} hint={d.applies?.types?.length ? undefined : m.agreements.allTypes}>{ref({ name: 'types', type: 'enum', multiple: true, label: m.agreements.types, options: meta.types.map((t) => ({ value: t.type, label: t.label })) }, d.applies?.types ?? [], (v) => reach({ types: list(v) }))}</Field>
      <Field name="services" label={m.agreements.services} hint={d.applies?.services?.length ? undefined : m.agreements.allServices}>{ref({ name: 'services', type: 'ref', to: 'service', multiple: true, label: m.agreements.services }, d.applies?.services ?? [], (v) => reach({ services: list(v) }), d.customer)}</Field>
      <Field name="priorities" label={m.agreements.priorities} hint={d.applies?.priorities?.length ? undefined : m.agreements.allPriorities}>
        {(x) => <Boxes id={x.id} label={m.agreements.priorities} options={meta.priorities} chosen={d.applies?.priorities ?? []} onChange={(priorities) => reach({ priorities })} />}
      </Field>
      {d.kind === 'ola' && <Field name="teams" label={m.agreements.teams} hint={d.applies?.teams?.length ? undefined : m.agreements.allTeams}>{ref({ name: 'teams', type: 'ref', to: 'team', multiple: true, label: m.agreements.teams }, d.applies?.teams ?? [], (v) => reach({ teams: list(v) }))}</Field>}
      <Field name="valid_from" label={m.agreements.validFrom}>{(x) => <DateInput field={{ name: 'valid_from', type: 'date', label: m.agreements.validFrom }} value={d.valid_from ?? ''} onChange={(v) => set({ valid_from: typeof v === 'string' ? v : '' })} a11y={x} />}</Field>
      <Field name="valid_until" label={m.agreements.validUntil} hint={d.valid_until ? undefined : m.agreements.untilOpen}>{(x) => <DateInput field={{ name: 'valid_until', type: 'date', label: m.agreements.validUntil }} value={d.valid_until ?? ''} onChange={(v) => set({ valid_until: typeof v === 'string' ? v : '' })} a11y={x} />}</Field>
    </section>
  )
}

const waits = ['customer', 'supplier', 'internal'] as const

/** Any of a few things, each with a box. */
function Boxes<V extends string>({ id, label, options, chosen, onChange }: { id: string; label: string; options: { value: V; label: string }[]; chosen: V[]; onChange: (chosen: V[]) => void }) {
  return (
    <div className={css.boxes} id={id} role="group" aria-label={label}>
      {options.map((o) => <Checkbox key={o.value} label={o.label} checked={chosen.includes(o.value)} onChange={(e) => onChange(e.target.checked ? [...chosen, o.value] : chosen.filter((v) => v !== o.value))} />)}
    </div>
  )
}

function Time({ d, set, may, tried }: PartProps) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const calendars = useQuery(calendarsQuery)
  const chosen = calendars.data?.find((c) => c.code === d.calendar)
  const levels = useLevels()
  return (
    <section className={css.block}>
      <h2>{m.agreements.time}</h2>
      <Field name="calendar" label={m.agreements.calendar} required hint={chosen ? week(chosen.spec, m) : calendars.data?.length === 0 ? <>{m.agreements.noCalendar} <Link to="/calendars/$code" params={{ code: '+' }}>{m.agreements.toCalendars}</Link></> : undefined} error={tried && !d.calendar ? m.form.requiredField(m.agreements.calendar) : undefined}>
        {(x) => (
          <select {...x} className={css.select} value={d.calendar} onChange={(e) => set({ calendar: e.target.value })}>
            {!chosen && <option value={d.calendar}>{d.calendar || m.form.choose}</option>}
            {calendars.data?.map((c) => <option key={c.code} value={c.code}>{pick(c.label)}</option>)}
          </select>
        )}
      </Field>
      <Field name="always" label={m.agreements.always}>
        {(x) => <Boxes id={x.id} label={m.agreements.always} options={meta.priorities} chosen={d.always_on?.priorities ?? []} onChange={(priorities) => set({ always_on: { ...d.always_on, priorities } })} />}
      </Field>
      {levels.length > 0 && (
        <Field name="always_levels" label={m.agreements.alwaysLevels}>
          {(x) => <Boxes id={x.id} label={m.agreements.alwaysLevels} options={levels} chosen={d.always_on?.levels ?? []} onChange={(chosen) => set({ always_on: { ...d.always_on, levels: chosen } })} />}
        </Field>
      )}
      <Field name="pauses" label={m.agreements.pauses}>
        {(x) => <Boxes id={x.id} label={m.agreements.pauses} options={waits.map((value) => ({ value, label: m.agreements.pausesOn[value] ?? value }))} chosen={d.pauses_on ?? []} onChange={(pauses_on) => set({ pauses_on })} />}
      </Field>
      {d.kind === 'sla' && <Checkbox label={m.agreements.dayRule} disabled={!may} checked={!!d.day_rule} onChange={(e) => set({ day_rule: e.target.checked })} />}
      <Field name="rank" label={m.agreements.rank} hint={m.agreements.rankHint}>{(x) => <Input {...x} className={css.short} inputMode="numeric" value={d.rank ?? ''} onChange={(e) => set({ rank: Math.min(1000, Number(e.target.value.replace(/\D/g, '')) || 0) })} />}</Field>
    </section>
  )
}

/** Puts the latest version in force, after showing what it would move. */
function Activate({ a, onClose, onDone }: { a: Agreement; onClose: () => void; onDone: () => Promise<void> }) {
  const m = useM()
  const [everywhere, setEverywhere] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const run = async () => {
    if (busy) return
    setBusy(true)
    setProblem(null)
    try {
      await api.post(`/agreements/${a.id}/activate`, { everywhere })
      await onDone()
      toast(m.agreements.activated)
      onClose()
    } catch (e) {
      setProblem(e)
      setBusy(false)
    }
  }
  return (
    <Dialog
      kind="drawer"
      title={m.agreements.activateTitle(pick(a.label), a.version ?? 1)}
      sub={m.agreements.activateText}
      onClose={onClose}
      onSubmit={() => void run()}
      foot={<><Button type="submit" kind="primary" k="mod+enter" busy={busy}>{m.agreements.activateRun}</Button><Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button></>}
    >
      <div className={css.activate}>
        <ProblemNote problem={problem} />
        <Checkbox label={m.agreements.everywhere} checked={everywhere} onChange={(e) => setEverywhere(e.target.checked)} />
        {everywhere && <p className={css.hint}>{m.agreements.everywhereHint}</p>}
        {everywhere && <Replay label={m.agreements.preview} proposal={{ agreement: a }} />}
      </div>
    </Dialog>
  )
}
