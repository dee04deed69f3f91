import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { keepSession, type Session } from '@/api/session'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Field, Input } from '@/shared/ui/Field'
import { Gate } from './Gate'
import css from './Gate.module.css'
import { Password } from '@/shared/ui/Password'

/** Account and password, then the one-time code where it is wanted. */
export function SignIn({ expired, onDone }: { expired?: boolean | undefined; onDone: () => void }) {
  const m = useM()
  const client = useQueryClient()
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [wantsCode, setWantsCode] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')

  const send = async (body: unknown) => {
    setBusy(true)
    setError('')
    try {
      await keepSession(client, await api.post<Session>('/session', body))
      onDone()
    } catch (e) {
      if (e instanceof Problem && e.code === 'identity.totp_required') setWantsCode(true)
      else setError(say(e, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  const submit = (e: FormEvent) => {
    e.preventDefault()
    if (wantsCode) {
      if (!code.trim()) return setError(m.session.missing(m.session.code))
      return void send({ login: login.trim(), password, totp: code.replace(/\s/g, '') })
    }
    const missing = !login.trim() ? m.session.login : !password ? m.session.password : ''
    if (missing) return setError(m.session.missing(missing))
    void send({ login: login.trim(), password })
  }

  return (
    <Gate title={m.session.title}>
      {expired && !error && <p className={css.notice} role="status">{m.session.signedOut}</p>}
      <form className={css.form} onSubmit={submit} noValidate>
        {wantsCode ? (
          <Field label={m.session.code} hint={<>{m.session.codeHint} {m.session.codeOr}</>} stacked>
            {(a11y) => <div className={css.code}><Input {...a11y} value={code} onChange={(e) => setCode(e.target.value)} autoFocus inputMode="numeric" autoComplete="one-time-code" maxLength={40} /></div>}
          </Field>
        ) : (
          <>
            <Field label={m.session.login} stacked>
              {(a11y) => <Input {...a11y} value={login} onChange={(e) => setLogin(e.target.value)} autoFocus autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={200} />}
            </Field>
            <Field label={m.session.password} stacked>
              {(a11y) => <Password {...a11y} value={password} onChange={(e) => setPassword(e.target.value)} autoComplete="current-password" maxLength={200} />}
            </Field>
          </>
        )}
        {error && <p className={css.alert} role="alert">{error}</p>}
        <div className={css.actions}>
          <Button type="submit" kind="primary" size="large" block busy={busy}>{wantsCode ? m.session.verify : m.session.signIn}</Button>
          {wantsCode && <Button kind="quiet" block onClick={() => (setWantsCode(false), setCode(''), setError(''), setPassword(''))}>{m.session.otherAccount}</Button>}
        </div>
      </form>
    </Gate>
  )
}
