import { useRef, useState } from 'react'
import { api, onceKey } from '@/api/client'
import { Problem, say } from '@/api/problem'
import type { RecordView } from '@/api/types'
import { now as clockNow, useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Choices } from '@/shared/ui/Choices'
import { Combo } from '@/shared/ui/Combo'
import { Dialog } from '@/shared/ui/Dialog'
import { Field, Input, TextArea } from '@/shared/ui/Field'
import type { Draft } from './draft'
import css from './desk.module.css'
import { callerName, saveCall } from './register'
import { titleOf, when } from './when'

interface Props {
  draft: Draft
  keep: (patch: Partial<Draft>) => void
  onDone: (sentence: string, number: string) => void
  onClose: () => void
}

/** Sends a drawer once at a time and keeps what the server refused. */
function useSend() {
  const m = useM()
  const [busy, setBusy] = useState(false)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [failed, setFailed] = useState('')
  const send = async (fn: () => Promise<void>) => {
    if (busy) return
    setBusy(true)
    setFailed('')
    setErrors({})
    try {
      await fn()
    } catch (e) {
      if (e instanceof Problem) setErrors(e.byField())
      const known = e instanceof Problem ? e.errors.map((x) => x.detail).join(' ') : ''
      setFailed([say(e, m.error.network), known].filter(Boolean).join(' '))
    } finally {
      setBusy(false)
    }
  }
  return { busy, errors, setErrors, failed, send }
}

const Foot = ({ action, busy, onClose }: { action: string; busy: boolean; onClose: () => void }) => {
  const m = useM()
  return (
    <>
      <Button type="submit" kind="primary" busy={busy} k="mod+enter">{action}</Button>
      <Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button>
    </>
  )
}

/** A question that cannot be answered now, and until when it will be. */
export function LaterDrawer({ draft: d, keep, onDone, onClose }: Props) {
  const m = useM()
  const now = useNow()
  const once = useRef(onceKey())
  const [question, setQuestion] = useState(titleOf(d.text))
  const [phone, setPhone] = useState(d.phone || d.number)
  const [until, setUntil] = useState('')
  const { busy, errors, setErrors, failed, send } = useSend()
  const due = when(until, now)
  const submit = () => {
    const wrong: Record<string, string> = {}
    if (!question.trim()) wrong.question = m.form.requiredField(m.desk.question)
    if (!phone.trim()) wrong.customer_phone = m.form.requiredField(m.desk.phone)
    if (due === null) wrong.promised_at = until.trim() ? m.desk.expectedBad : m.form.requiredField(m.desk.promisedAt)
    if (Object.keys(wrong).length > 0) return setErrors(wrong)
    void send(async () => {
      const call = await saveCall(d, keep)
      const body = { question: question.trim(), customer_phone: phone.trim(), promised_at: new Date(when(until, clockNow()) ?? 0).toISOString(), call, caller_name: callerName(d) || undefined, customer: d.customer?.id, site: d.site?.id, requester: d.caller?.id || undefined }
      const made = await api.post<RecordView>('/commitments', body, { once: once.current })
      onDone(m.desk.promised(made.number, moment(due ?? 0, clockNow())), made.number)
    })
  }
  return (
    <Dialog kind="drawer" width={560} title={m.desk.laterTitle} sub={m.desk.laterSub} onClose={onClose} onSubmit={submit} foot={<Foot action={m.desk.laterRun} busy={busy} onClose={onClose} />}>
      <div className={css.drawer}>
        {failed && <p className={css.alert} role="alert">{failed}</p>}
        <Field label={m.desk.question} required error={errors.question}>{(a) => <TextArea {...a} rows={2} maxLength={200} value={question} onChange={(e) => setQuestion(e.target.value)} data-autofocus={question ? undefined : ''} />}</Field>
        <Field label={m.desk.phone} required error={errors.customer_phone}>{(a) => <Input {...a} type="tel" maxLength={40} value={phone} onChange={(e) => setPhone(e.target.value)} />}</Field>
        <Field label={m.desk.promisedAt} required error={errors.promised_at} hint={due !== null ? moment(due, now) : m.desk.expectedHint}>
          {(a) => <Input {...a} value={until} placeholder={m.desk.expectedHint} onChange={(e) => setUntil(e.target.value)} data-autofocus={question ? '' : undefined} />}
        </Field>
      </div>
    </Dialog>
  )
}

/** Somebody wants a colleague who is away. */
export function RelayDrawer({ draft: d, keep, onDone, onClose }: Props) {
  const m = useM()
  const once = useRef(onceKey())
  const [who, setWho] = useState<{ id: string; name: string } | null>(null)
  const [caller, setCaller] = useState(callerName(d))
  const [message, setMessage] = useState(d.text)
  const [visit, setVisit] = useState(false)
  const [may, setMay] = useState('yes')
  const [back, setBack] = useState(d.phone || d.number)
  const { busy, errors, setErrors, failed, send } = useSend()
  const submit = () => {
    const wrong: Record<string, string> = {}
    if (!who?.id) wrong.for = m.form.requiredField(m.desk.relayFor)
    if (!caller.trim()) wrong.caller = m.form.requiredField(m.desk.caller)
    if (may === 'no' && !back.trim()) wrong.callback_phone = m.form.requiredField(m.desk.relayBack)
    if (Object.keys(wrong).length > 0 || !who) return setErrors(wrong)
    void send(async () => {
      const call = await saveCall({ ...d, caller: d.caller ?? { id: '', name: caller } }, keep)
      const body = { for: who.id, caller: caller.trim(), message: message.trim() || undefined, visit_related: visit, may_relay: may === 'yes', callback_phone: back.trim() || undefined, call, customer: d.customer?.id, requester: d.caller?.id || undefined }
      const made = await api.post<RecordView>('/relay-messages', body, { once: once.current })
      onDone(m.desk.relayed(made.number, who.name), made.number)
    })
  }
  return (
    <Dialog kind="drawer" width={560} title={m.desk.relayTitle} sub={m.desk.relaySub} onClose={onClose} onSubmit={submit} foot={<Foot action={m.desk.relayRun} busy={busy} onClose={onClose} />}>
      <div className={css.drawer}>
        {failed && <p className={css.alert} role="alert">{failed}</p>}
        <Field label={m.desk.relayFor} required error={errors.for}>{(a) => <Combo a11y={{ ...a, 'data-autofocus': '' }} to="staff" label={m.desk.relayFor} value={who} onChange={setWho} placeholder={m.form.type} />}</Field>
        <Field label={m.desk.caller} required error={errors.caller}>{(a) => <Input {...a} maxLength={60} value={caller} onChange={(e) => setCaller(e.target.value)} />}</Field>
        <Field label={m.desk.relayText} error={errors.message}>{(a) => <TextArea {...a} rows={3} maxLength={500} value={message} onChange={(e) => setMessage(e.target.value)} />}</Field>
        <Field label={m.desk.relayMay} error={errors.may_relay}>
          {(a) => <Choices id={a.id} label={m.desk.relayMay} options={[{ value: 'yes', label: m.desk.relayMay }, { value: 'no', label: m.desk.relayMayNo }]} value={may} onChange={(v) => setMay(v ?? 'yes')} />}
        </Field>
        <Field label={m.desk.relayBack} required={may === 'no'} error={errors.callback_phone}>{(a) => <Input {...a} type="tel" maxLength={40} value={back} onChange={(e) => setBack(e.target.value)} />}</Field>
        <Field label="">{(a) => <Checkbox id={a.id} label={m.desk.relayVisit} checked={visit} onChange={(e) => setVisit(e.target.checked)} />}</Field>
      </div>
    </Dialog>
  )
}

/** The end of a call that became no ticket. */
export function HangUpDrawer({ draft: d, keep, onDone, onClose }: Props) {
  const m = useM()
  const [result, setResult] = useState<string | null>(d.byPhone === 'yes' ? 'solved' : null)
  const [text, setText] = useState(d.guidance)
  const [way, setWay] = useState('')
  const { busy, errors, setErrors, failed, send } = useSend()
  const results = m.desk.results as Record<string, string>
  const submit = () => {
    const wrong: Record<string, string> = {}
    if (!result) wrong.result = m.form.requiredField(m.desk.result)
    if (result === 'out_of_scope' && !way.trim()) wrong.way_offered = m.form.requiredField(m.desk.way)
    if (Object.keys(wrong).length > 0 || !result) return setErrors(wrong)
    void send(async () => {
      const call = await saveCall(d, keep)
      await api.post(`/calls/${call}/close`, {
        result,
        ...(result === 'out_of_scope' ? { way_offered: way.trim() } : {}),
        ...(text.trim() && result !== 'wrong_number' ? { guidance: text.trim() } : {}),
      })
      onDone(m.desk.closed(call, results[result] ?? result), call)
    })
  }
  return (
    <Dialog kind="drawer" width={560} title={m.desk.hangTitle} onClose={onClose} onSubmit={submit} foot={<Foot action={m.desk.hangRun} busy={busy} onClose={onClose} />}>
      <div className={css.drawer}>
        {failed && <p className={css.alert} role="alert">{failed}</p>}
        <Field label={m.desk.result} required error={errors.result}>
          {(a) => (
            <div
              onKeyDown={(e) => {
                const at = Number(e.key) - 1
                const code = Object.keys(results)[at]
                if (code && !(e.target instanceof HTMLInputElement)) {
                  e.preventDefault()
                  const box = e.currentTarget.closest('dialog')
                  setResult(code)
                  requestAnimationFrame(() => (box?.querySelector<HTMLElement>('textarea') ?? box?.querySelector<HTMLElement>('[aria-checked=true]'))?.focus())
                }
              }}
            >
              <Choices id={a.id} label={m.desk.result} options={Object.entries(results).map(([value, label], i) => ({ value, label, k: String(i + 1) }))} value={result} onChange={setResult} invalid={a['aria-invalid']} />
            </div>
          )}
        </Field>
        {result === 'out_of_scope' && <Field label={m.desk.way} required error={errors.way_offered} hint={m.desk.wayHint}>{(a) => <TextArea {...a} rows={2} maxLength={500} value={way} onChange={(e) => setWay(e.target.value)} />}</Field>}
        {(result === 'solved' || result === 'answered') && <Field label={m.desk.guidance} error={errors.guidance} hint={m.desk.guidanceHint}>{(a) => <TextArea {...a} rows={3} maxLength={20000} value={text} onChange={(e) => setText(e.target.value)} />}</Field>}
      </div>
    </Dialog>
  )
}
