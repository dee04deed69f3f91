import { useQuery } from '@tanstack/react-query'
import { Copy, Plus } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import type { Instant, Page } from '@/api/types'
import { now as clockNow, useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button, IconButton } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Choices } from '@/shared/ui/Choices'
import { Dialog } from '@/shared/ui/Dialog'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Field, Input } from '@/shared/ui/Field'
import { toast } from '@/shared/ui/Toast'
import css from './SettingsPage.module.css'

interface Token {
  id: string
  name: string
  prefix: string
  scopes: string[]
  created_at: Instant
  expires_at: Instant
  last_used?: Instant
}

/** Tokens for programs that act as me; each is shown once. */
export function Tokens() {
  const m = useM()
  const now = useNow()
  const query = useQuery({ queryKey: ['me', 'tokens'], queryFn: () => api.get<Page<Token>>('/me/tokens') })
  const [adding, setAdding] = useState(false)
  const [secret, setSecret] = useState('')
  if (query.isPending) return <Skeleton rows={2} kind="record" />
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  const end = (id: string) => void api.delete(`/me/tokens/${id}`).then(() => query.refetch(), (e: unknown) => toast(say(e, m.error.network), undefined, true))
  return (
    <>
      {secret && (
        <div className={css.codes} role="alert">
          <span>{m.admin.tokens.once}</span>
          <span className="row"><span className={css.secret}>{secret}</span><IconButton label={m.admin.copy} icon={<Copy size={15} strokeWidth={1.75} />} onClick={() => void navigator.clipboard.writeText(secret)} /></span>
          <span><Button onClick={() => setSecret('')}>{m.admin.tokens.kept}</Button></span>
        </div>
      )}
      {query.data.items.length === 0 && <p className="muted">{m.admin.tokens.none}</p>}
      <ul>
        {query.data.items.map((t) => (
          <li key={t.id} className={css.device}>
            <span className="grow">
              {t.name} <span className="muted num">{t.prefix}… · {m.admin.tokens.until(moment(t.expires_at, now))} · {t.last_used ? m.settings.lastSeen(moment(t.last_used, now)) : m.admin.tokens.unused}</span>
            </span>
            <Button size="small" onClick={() => end(t.id)}>{m.admin.tokens.end}</Button>
          </li>
        ))}
      </ul>
      <div><Button icon={<Plus size={15} strokeWidth={1.75} />} onClick={() => setAdding(true)}>{m.admin.tokens.add}</Button></div>
      {adding && <NewToken onClose={() => setAdding(false)} onMade={(s) => (setSecret(s), setAdding(false), void query.refetch())} />}
    </>
  )
}

const lengths = ['30', '90', '180', '365']

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const m = useM()
  const { perms } = useSession()
  const [name, setName] = useState('')
  const [days, setDays] = useState('90')
  const [scopes, setScopes] = useState<string[]>([])
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [failed, setFailed] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async () => {
    const wrong: Record<string, string> = {}
    if (!name.trim()) wrong.name = m.form.requiredField(m.admin.tokens.name)
    if (scopes.length === 0) wrong.scopes = m.form.requiredField(m.admin.tokens.scopes)
    setErrors(wrong)
    if (Object.keys(wrong).length > 0 || busy) return
    setBusy(true)
    setFailed('')
    try {
      const made = await api.post<{ secret: string }>('/me/tokens', { name: name.trim(), scopes, expires_at: new Date(clockNow() + Number(days) * 86_400_000 - 60_000).toISOString() })
      onMade(made.secret)
    } catch (e) {
      if (e instanceof Problem) setErrors(e.byField())
      setFailed(say(e, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      kind="drawer"
      width={560}
      title={m.admin.tokens.add}
      sub={m.admin.tokens.hint}
      onClose={onClose}
      onSubmit={() => void submit()}
      foot={<><Button type="submit" kind="primary" k="mod+enter" busy={busy}>{m.admin.tokens.add}</Button><Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button></>}
    >
      <div className={css.form}>
        {failed && <p className={css.error} role="alert">{failed}</p>}
        <Field label={m.admin.tokens.name} required stacked error={errors.name} hint={m.admin.tokens.nameHint}>{(a) => <Input {...a} data-autofocus maxLength={100} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <Field label={m.admin.tokens.valid} stacked error={errors.expires_at}>{(a) => <Choices id={a.id} label={m.admin.tokens.valid} options={lengths.map((d) => ({ value: d, label: m.time.days(Number(d)) }))} value={days} onChange={(v) => v && setDays(v)} />}</Field>
        <Field label={m.admin.tokens.scopes} required stacked error={errors.scopes}>
          {(a) => (
            <div id={a.id} role="group" aria-label={m.admin.tokens.scopes}>
              {perms.map((p) => <div key={p}><Checkbox label={m.admin.perms[p] ?? p} checked={scopes.includes(p)} onChange={(e) => setScopes(e.target.checked ? [...scopes, p] : scopes.filter((x) => x !== p))} /></div>)}
            </div>
          )}
        </Field>
      </div>
    </Dialog>
  )
}
