import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import type { Explained, Review } from '@/api/sla'
import { useNow } from '../lib/clock'
import { useM } from '../lib/i18n'
import { moment } from '../lib/time'
import { Button } from '../ui/Button'
import { Checkbox } from '../ui/Checkbox'
import { Choices } from '../ui/Choices'
import { Field, Input, TextArea } from '../ui/Field'
import { toast } from '../ui/Toast'
import css from './why.module.css'

/** What became of a breach: why, whose time it was, what is owed for it. */
export function ReviewPart({ number, x, may }: { number: string; x: Explained; may: boolean }) {
  const m = useM()
  const now = useNow()
  const [editing, setEditing] = useState(false)
  const r = x.review
  if (!r && !may) return null
  return (
    <section className={css.part} aria-labelledby="why-review">
      <div className={css.partHead}>
        <h3 id="why-review">{m.promise.review}</h3>
        {may && !editing && <Button size="small" onClick={() => setEditing(true)}>{r ? m.promise.reviewEdit : m.promise.reviewAdd}</Button>}
      </div>
      {editing ? (
        <Form number={number} x={x} onDone={() => setEditing(false)} />
      ) : (
        r && (
          <dl className={css.facts}>
            <dt>{m.promise.cause}</dt><dd>{r.cause}</dd>
            <dt>{m.promise.usedBy}</dt><dd>{m.promise.usedBys[r.used_by]}</dd>
            {r.improvement && <><dt>{m.promise.improvement}</dt><dd>{r.improvement}</dd></>}
            <dt>{m.promise.confirmed}</dt><dd>{r.confirmed ? m.app.yes : m.promise.notConfirmed}</dd>
            {r.compensation && <><dt>{m.promise.compensation}</dt><dd>{r.compensation}{r.amount ? ` · ¥${r.amount}` : ''}</dd></>}
            {r.at && <><dt /><dd className="muted num">{m.promise.reviewedAt(moment(r.at, now))}</dd></>}
          </dl>
        )
      )}
    </section>
  )
}

function Form({ number, x, onDone }: { number: string; x: Explained; onDone: () => void }) {
  const m = useM()
  const client = useQueryClient()
  const [r, setR] = useState<Review>(x.review ?? { cause: '', used_by: 'own_team', confirmed: false })
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const [tried, setTried] = useState(false)
  const set = (patch: Partial<Review>) => setR({ ...r, ...patch })
  const save = async () => {
    setTried(true)
    if (!r.cause.trim() || busy) return
    setBusy(true)
    setProblem(null)
    try {
      const { cause, used_by, improvement, confirmed, compensation, amount } = r
      await api.put(`/records/${number}/clocks/${x.agreement_id}/${x.target}/review`, { cause, used_by, improvement, confirmed, ...(confirmed ? { compensation, amount } : {}) })
      await client.invalidateQueries({ queryKey: [`record:${number}`, 'clocks'] })
      toast(m.promise.reviewSaved)
      onDone()
    } catch (e) {
      setProblem(e)
    } finally {
      setBusy(false)
    }
  }
  const errors = problem instanceof Problem ? problem.byField() : {}
  return (
    <div className={css.form}>
      {!!problem && <p className={css.alert} role="alert">{say(problem, m.error.network)}</p>}
      <Field label={m.promise.cause} required error={errors.cause ?? (tried && !r.cause.trim() ? m.form.requiredField(m.promise.cause) : undefined)}>{(a) => <TextArea {...a} maxLength={2000} value={r.cause} onChange={(e) => set({ cause: e.target.value })} />}</Field>
      <Field label={m.promise.usedBy}>{(a) => <Choices id={a.id} label={m.promise.usedBy} options={Object.entries(m.promise.usedBys).map(([value, label]) => ({ value, label }))} value={r.used_by} onChange={(v) => v && set({ used_by: v as Review['used_by'] })} />}</Field>
      <Field label={m.promise.improvement}>{(a) => <TextArea {...a} maxLength={2000} value={r.improvement ?? ''} onChange={(e) => set({ improvement: e.target.value })} />}</Field>
      <Checkbox label={m.promise.confirmed} checked={r.confirmed} onChange={(e) => set({ confirmed: e.target.checked })} />
      {r.confirmed ? (
        <>
          <Field label={m.promise.compensation}>{(a) => <Input {...a} maxLength={400} value={r.compensation ?? ''} onChange={(e) => set({ compensation: e.target.value })} />}</Field>
          <Field label={m.promise.amount}>{(a) => <Input {...a} inputMode="decimal" value={r.amount ?? ''} onChange={(e) => set({ amount: Number(e.target.value.replace(/[^\d.]/g, '')) || 0 })} />}</Field>
        </>
      ) : <p className={css.hint}>{m.promise.compensationHint}</p>}
      <div className="row">
        <Button kind="primary" busy={busy} onClick={() => void save()}>{m.promise.reviewSave}</Button>
        <Button kind="quiet" onClick={onDone}>{m.app.cancel}</Button>
      </div>
    </div>
  )
}
