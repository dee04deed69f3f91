import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { codeOf, keepSession, type Session } from '@/api/session'
import { lang, useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Field, Input } from '@/shared/ui/Field'
import { Gate } from './Gate'
import css from './Gate.module.css'
import { Password } from '@/shared/ui/Password'

type Values = Record<'organisation' | 'name' | 'login' | 'email' | 'password' | 'again', string>
const blank: Values = { organisation: '', name: '', login: '', email: '', password: '', again: '' }

/** The first start: creates the administrator and signs in. */
export function Setup({ onDone }: { onDone: () => void }) {
  const m = useM()
  const client = useQueryClient()
  const [v, setV] = useState(blank)
  const [errors, setErrors] = useState<Partial<Values>>({})
  const [failed, setFailed] = useState('')
  const [busy, setBusy] = useState(false)
  const set = (k: keyof Values) => (e: { target: { value: string } }) => {
    setV({ ...v, [k]: e.target.value })
    setErrors({ ...errors, [k]: undefined })
  }

  const submit = async (e: FormEvent) => {
    e.preventDefault()
    const wanted: [keyof Values, string][] = [['organisation', m.session.organisation], ['name', m.session.name], ['login', m.session.login], ['password', m.session.password]]
    const found: Partial<Values> = {}
    for (const [k, label] of wanted) if (!v[k].trim()) found[k] = m.session.missing(label)
    if (v.password && v.password !== v.again) found.again = m.session.passwordsDiffer
    setErrors(found)
    setFailed('')
    if (Object.keys(found).length) return
    setBusy(true)
    try {
      const body = {
        organisation: { name: v.organisation.trim() },
        person: { name: v.name.trim(), ...(v.email.trim() ? { email: v.email.trim() } : {}) },
        login: v.login.trim(),
        password: v.password,
        language: codeOf(lang()),
      }
      await keepSession(client, await api.post<Session>('/setup', body))
      onDone()
    } catch (error) {
      if (error instanceof Problem) {
        const at = error.byField()
        setErrors({ ...at, ...(at['organisation.name'] ? { organisation: at['organisation.name'] } : {}), ...(at['person.name'] ? { name: at['person.name'] } : {}), ...(at['person.email'] ? { email: at['person.email'] } : {}) })
      }
      setFailed(say(error, m.error.network))
    } finally {
      setBusy(false)
    }
  }

  const text = (k: keyof Values, label: string, hint: string | undefined, required: boolean, props: object = {}) => (
    <Field label={label} hint={hint} required={required} error={errors[k]} stacked>
      {(a11y) => <Input {...a11y} value={v[k]} onChange={set(k)} maxLength={200} {...props} />}
    </Field>
  )
  return (
    <Gate title={m.session.setupTitle} text={m.session.setupText}>
      <form className={css.form} onSubmit={(e) => void submit(e)} noValidate>
        {text('organisation', m.session.organisation, m.session.organisationHint, true, { autoComplete: 'organization', autoFocus: true })}
        {text('name', m.session.name, undefined, true, { autoComplete: 'name' })}
        {text('login', m.session.login, m.session.loginHint, true, { autoComplete: 'username', autoCapitalize: 'none', spellCheck: false })}
        {text('email', m.session.email, undefined, false, { type: 'email', autoComplete: 'email' })}
        <Field label={m.session.password} hint={m.session.passwordHint} required error={errors.password} stacked>
          {(a11y) => <Password {...a11y} value={v.password} onChange={set('password')} autoComplete="new-password" maxLength={200} />}
        </Field>
        <Field label={m.session.passwordAgain} required error={errors.again} stacked>
          {(a11y) => <Password {...a11y} value={v.again} onChange={set('again')} autoComplete="new-password" maxLength={200} />}
        </Field>
        {failed && <p className={css.alert} role="alert">{failed}</p>}
        <Button type="submit" kind="primary" size="large" block busy={busy}>{m.session.setupDone}</Button>
      </form>
    </Gate>
  )
}
