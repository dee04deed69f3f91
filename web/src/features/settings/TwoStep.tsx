import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState, type FormEvent } from 'react'
import { api, setCsrf } from '@/api/client'
import { say } from '@/api/problem'
import { sessionQuery } from '@/api/session'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Field, Input } from '@/shared/ui/Field'
import { Password } from '@/shared/ui/Password'
import css from './SettingsPage.module.css'

const QrCode = lazy(() => import('antd/es/qr-code').then((x) => ({ default: x.default })))

type Step = { kind: 'idle' } | { kind: 'password'; stop: boolean } | { kind: 'code'; url: string; secret: string } | { kind: 'codes'; codes: string[] }

/** Turns the second step of signing in on and off. */
export function TwoStep({ on }: { on: boolean }) {
  const m = useM()
  const client = useQueryClient()
  const [step, setStep] = useState<Step>({ kind: 'idle' })
  const [text, setText] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const go = (next: Step) => {
    setStep(next)
    setText('')
    setError('')
  }
  const fresh = (csrf: string) => {
    setCsrf(csrf)
    void client.invalidateQueries(sessionQuery)
  }
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError('')
    try {
      if (step.kind === 'password' && step.stop) {
        fresh((await api.delete<{ csrf: string }>('/me/totp', { body: { password: text } })).csrf)
        go({ kind: 'idle' })
      } else if (step.kind === 'password') {
        const made = await api.post<{ otpauth_url: string; secret: string }>('/me/totp', { password: text })
        go({ kind: 'code', url: made.otpauth_url, secret: made.secret })
      } else if (step.kind === 'code') {
        const done = await api.post<{ backup_codes: string[]; csrf: string }>('/me/totp/confirm', { code: text.replace(/\s/g, '') })
        fresh(done.csrf)
        go({ kind: 'codes', codes: done.backup_codes })
      }
    } catch (x) {
      setError(say(x, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  if (step.kind === 'codes') {
    return (
      <div className={css.form}>
        <p>{m.settings.recoveryHint}</p>
        <div className={css.codes}>{step.codes.map((c) => <span key={c}>{c}</span>)}</div>
        <div><Button kind="primary" onClick={() => go({ kind: 'idle' })}>{m.settings.recoveryDone}</Button></div>
      </div>
    )
  }
  if (step.kind === 'idle') {
    return (
      <div className="row">
        <span>{on ? m.settings.totpOn : m.settings.totpOff}</span>
        <Button onClick={() => go({ kind: 'password', stop: on })}>{on ? m.settings.totpStop : m.settings.totpStart}</Button>
      </div>
    )
  }
  return (
    <form className={css.form} onSubmit={(e) => void submit(e)}>
      {step.kind === 'code' && (
        <>
          <p>{m.settings.totpScan}</p>
          <Suspense fallback={<span className={css.qr} />}><span className={css.qr} role="img" aria-label={m.admin.tokens.scan}><span aria-hidden><QrCode value={step.url} size={176} bordered={false} color="#000000" bgColor="#ffffff" type="svg" /></span></span></Suspense>
          <div>{m.settings.totpSecret}: <span className={css.secret}>{step.secret}</span></div>
          <a href={step.url}>{m.settings.totpOpen}</a>
        </>
      )}
      <Field label={step.kind === 'code' ? m.session.code : m.session.password} error={error || undefined} stacked>
        {(a) => (step.kind === 'code' ? <Input {...a} value={text} onChange={(e) => setText(e.target.value)} inputMode="numeric" autoComplete="one-time-code" autoFocus /> : <Password {...a} value={text} onChange={(e) => setText(e.target.value)} autoComplete="current-password" autoFocus />)}
      </Field>
      <div className="row">
        <Button type="submit" kind="primary" busy={busy}>{step.kind === 'code' ? m.settings.totpConfirm : step.stop ? m.settings.totpStop : m.settings.totpStart}</Button>
        <Button kind="quiet" onClick={() => go({ kind: 'idle' })}>{m.app.cancel}</Button>
      </div>
    </form>
  )
}
