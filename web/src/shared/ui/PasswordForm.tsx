import { useState, type FormEvent } from 'react'
import { api, setCsrf } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { useM } from '../lib/i18n'
import { Button } from './Button'
import { Field } from './Field'
import { Password } from './Password'
import css from './Password.module.css'

/** Changes one's own password. */
export function PasswordForm({ onDone }: { onDone: () => void }) {
  const m = useM()
  const [v, setV] = useState({ current: '', new: '', again: '' })
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [failed, setFailed] = useState('')
  const [busy, setBusy] = useState(false)
  const set = (k: keyof typeof v) => (e: { target: { value: string } }) => setV({ ...v, [k]: e.target.value })
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    const found: Record<string, string> = {}
    if (!v.current) found.current = m.session.missing(m.session.oldPassword)
    if (!v.new) found.new = m.session.missing(m.session.newPassword)
    else if (v.new !== v.again) found.again = m.session.passwordsDiffer
    setErrors(found)
    setFailed('')
    if (Object.keys(found).length) return
    setBusy(true)
    try {
      const { csrf } = await api.post<{ csrf: string }>('/me/password', { current: v.current, new: v.new })
      setCsrf(csrf)
      setV({ current: '', new: '', again: '' })
      onDone()
    } catch (error) {
      if (error instanceof Problem && error.errors.length) setErrors(error.byField())
      else setFailed(say(error, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  const field = (k: keyof typeof v, label: string, hint: string | undefined, autoComplete: string) => (
    <Field label={label} hint={hint} error={errors[k]} required stacked>
      {(a11y) => <Password {...a11y} value={v[k]} onChange={set(k)} autoComplete={autoComplete} />}
    </Field>
  )
  return (
    <form className={css.form} onSubmit={(e) => void submit(e)} noValidate>
      {field('current', m.session.oldPassword, undefined, 'current-password')}
      {field('new', m.session.newPassword, m.session.passwordHint, 'new-password')}
      {field('again', m.session.passwordAgain, undefined, 'new-password')}
      {failed && <p className={css.alert} role="alert">{failed}</p>}
      <div><Button type="submit" kind="primary" busy={busy}>{m.session.changePassword}</Button></div>
    </form>
  )
}
