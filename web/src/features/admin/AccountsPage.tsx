import { useQuery } from '@tanstack/react-query'
import { Copy, Plus } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { entryQuery } from '@/api/party'
import { say } from '@/api/problem'
import type { FieldMeta, Instant } from '@/api/types'
import type { Filters } from '@/shared/list/filters'
import { FilterRow } from '@/shared/list/FilterRow'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button, IconButton } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { Confirm } from '@/shared/ui/Confirm'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { Dialog } from '@/shared/ui/Dialog'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Field, Input } from '@/shared/ui/Field'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import css from './admin.module.css'
import { EntryDrawer } from './EntryForm'
import { useEntries, useStaleEntries } from './model'

export interface Account {
  id: string
  version: number
  person: string
  person_name: string
  organisation: string
  organisation_name: string
  login: string
  must_change: boolean
  disabled: boolean
  disabled_reason: string
  totp: boolean
  failed: number
  locked_until?: Instant
  password_at?: Instant
  last_sign_in?: Instant
  roles: string[]
  created_at: Instant
}
interface Made {
  account: Account
  password?: string
}

export const accountFilters = ['q', 'organisation', 'disabled']

/** Who can sign in. */
export function AccountsPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const now = useNow()
  const [open, setOpen] = useState<string | 'new' | null>(null)
  const list = useEntries<Account>('/accounts', filters)
  const f = m.admin.fields
  const filterFields: FieldMeta[] = [
    { name: 'organisation', type: 'ref', to: 'organisation', label: f.organisation },
    { name: 'disabled', type: 'enum', label: m.admin.status, options: [{ value: 'false', label: m.admin.state.ok ?? '' }, { value: 'true', label: m.admin.state.disabled ?? '' }] },
  ]
  return (
    <PageFrame
      title={m.admin.accounts}
      tools={<Button kind="primary" icon={<Plus size={15} strokeWidth={1.75} />} onClick={() => setOpen('new')}>{m.admin.giveAccount}</Button>}
      bar={<FilterRow search={m.admin.search} fields={filterFields} filters={filters} onChange={onFilters} />}
    >
      <DataTable
        label={m.admin.accounts}
        rows={list.rows}
        error={list.error}
        onRetry={list.retry}
        more={list.more}
        rowKey={(a) => a.id}
        off={(a) => a.disabled}
        onOpen={(a) => setOpen(a.id)}
        empty={Object.keys(filters).length ? m.admin.emptyFiltered(m.admin.kind.account) : m.admin.empty(m.admin.kind.account)}
        columns={[
          { name: 'login', label: f.login, cell: (a) => <RowName onOpen={() => setOpen(a.id)}>{a.login}</RowName> },
          { name: 'person', label: f.name, cell: (a) => a.person_name },
          { name: 'organisation', label: f.organisation, cell: (a) => a.organisation_name },
          { name: 'roles', label: m.admin.roles, cell: (a) => <span className="sub">{a.roles.join(m.app.listSep)}</span> },
          { name: 'totp', label: m.admin.totp, cell: (a) => (a.totp ? m.admin.totpOn : '') },
          { name: 'last', label: f.last, cell: (a) => <span className="num">{a.last_sign_in ? moment(a.last_sign_in, now) : m.admin.neverIn}</span> },
          { name: 'state', label: m.admin.status, cell: (a) => <State a={a} now={now} />, end: true },
        ]}
      />
      {open === 'new' ? <NewAccountDrawer onClose={() => setOpen(null)} /> : open && <AccountDrawer id={open} onClose={() => setOpen(null)} />}
    </PageFrame>
  )
}

function State({ a, now }: { a: Account; now: number }) {
  const m = useM()
  if (a.disabled) return <Chip>{m.admin.state.disabled}</Chip>
  if (a.locked_until && Date.parse(a.locked_until) > now) return <Chip tone="amber">{m.admin.state.locked}</Chip>
  if (a.must_change) return <span className="muted">{m.admin.state.must_change}</span>
  return null
}

/** A secret that is never shown again. */
export function Once({ title, text, secret, onDone }: { title: string; text: string; secret: string; onDone: () => void }) {
  const m = useM()
  return (
    <div className={css.once} role="alert">
      <b>{title}</b>
      <span className="row"><code className="grow">{secret}</code><IconButton label={m.admin.copy} icon={<Copy size={15} strokeWidth={1.75} />} onClick={() => void navigator.clipboard.writeText(secret).then(() => toast(m.app.copied('')))} /></span>
      <span className="sub">{text}</span>
      <span><Button onClick={onDone}>{m.admin.done}</Button></span>
    </div>
  )
}

export function NewAccountDrawer({ person, onClose }: { person?: { id: string; name: string }; onClose: () => void }) {
  const m = useM()
  const stale = useStaleEntries()
  const [made, setMade] = useState<Made | null>(null)
  const f = m.admin.fields
  if (made?.password) {
    return (
      <Dialog title={m.admin.giveAccount} onClose={onClose}>
        <Once title={m.admin.onceTitle} text={m.admin.onceText(made.account.login)} secret={made.password} onDone={onClose} />
      </Dialog>
    )
  }
  const fields: FieldMeta[] = [
    ...(person ? [] : [{ name: 'person', type: 'ref' as const, to: 'person', label: f.name }]),
    { name: 'login', type: 'text', label: f.login, max_len: 64, help: m.admin.hints.login },
    { name: 'password', type: 'text', label: f.password, max_len: 128, help: m.admin.hints.password },
  ]
  return (
    <EntryDrawer
      title={m.admin.giveAccount}
      {...(person ? { sub: person.name } : {})}
      action={m.admin.giveAccount}
      fields={fields}
      required={['person', 'login']}
      initial={{}}
      onClose={onClose}
      onSave={async (patch) => {
        const done = await api.post<Made>('/accounts', { ...(person ? { person: person.id } : {}), ...patch })
        await stale('/accounts')
        if (done.password) setMade(done)
        else {
          toast(m.admin.added(done.account.login))
          onClose()
        }
      }}
    />
  )
}

/** One account and what can be done to it. */
export function AccountDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const m = useM()
  const now = useNow()
  const stale = useStaleEntries()
  const query = useQuery(entryQuery<Account>('/accounts', id))
  const [asking, setAsking] = useState<'reset' | 'totp' | 'disable' | null>(null)
  const [secret, setSecret] = useState('')
  const [reason, setReason] = useState('')
  const a = query.data
  const act = async (path: string, body: object, done: string) => {
    try {
      const back = await api.post<Account | Made>(`/accounts/${id}/${path}`, body)
      if ('password' in back && back.password) setSecret(back.password)
      else toast(done)
      await stale('/accounts')
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
    setAsking(null)
  }
  const locked = !!a?.locked_until && Date.parse(a.locked_until) > now
  const f = m.admin.fields
  return (
    <Dialog kind="drawer" width={600} title={a ? m.admin.accountOf(a.person_name) : m.admin.kind.account} sub={a && [a.login, a.organisation_name].join(' · ')} onClose={onClose}>
      {query.isPending ? (
        <Skeleton rows={5} kind="record" />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : a && (
        <>
          {secret && <Once title={m.admin.onceTitle} text={m.admin.onceText(a.login)} secret={secret} onDone={() => setSecret('')} />}
          <dl className={css.facts}>
            <dt>{m.admin.status}</dt>
            <dd>{a.disabled ? [m.admin.state.disabled, a.disabled_reason].filter(Boolean).join(' · ') : locked ? m.admin.lockedUntil(moment(a.locked_until ?? '', now)) : a.must_change ? m.admin.state.must_change : m.admin.state.ok}{a.failed > 0 && ` · ${m.admin.failed(a.failed)}`}</dd>
            <dt>{m.admin.roles}</dt>
            <dd>{a.roles.join(m.app.listSep) || m.admin.none}</dd>
            <dt>{m.admin.totp}</dt>
            <dd>{a.totp ? m.admin.totpOn : m.admin.totpOff}</dd>
            <dt>{f.last}</dt>
            <dd className="num">{a.last_sign_in ? moment(a.last_sign_in, now) : m.admin.neverIn}</dd>
            {a.password_at && <><dt>{m.admin.passwordAt}</dt><dd className="num">{moment(a.password_at, now)}</dd></>}
          </dl>
          <div className={css.actions}>
            {locked && <Button kind="primary" onClick={() => void act('unlock', {}, m.admin.unlocked)}>{m.admin.unlock}</Button>}
            {a.disabled ? <Button onClick={() => void act('enable', {}, m.admin.enabled)}>{m.admin.enable}</Button> : (
              <>
                <Button onClick={() => setAsking('reset')}>{m.admin.reset}</Button>
                {a.totp && <Button onClick={() => setAsking('totp')}>{m.admin.resetTotp}</Button>}
                <Button onClick={() => setAsking('disable')}>{m.admin.disable}</Button>
              </>
            )}
          </div>
          <Rename a={a} />
        </>
      )}
      {asking === 'reset' && a && <Confirm title={m.admin.resetAsk(a.login)} action={m.admin.reset} onClose={() => setAsking(null)} onConfirm={() => act('reset-password', {}, '')}><p>{m.admin.resetText}</p></Confirm>}
      {asking === 'totp' && a && <Confirm title={m.admin.resetTotpAsk(a.login)} action={m.admin.resetTotp} onClose={() => setAsking(null)} onConfirm={() => act('reset-totp', {}, m.admin.totpGone)}><p>{m.admin.resetTotpText}</p></Confirm>}
      {asking === 'disable' && a && (
        <Confirm title={m.admin.disableAsk(a.login)} action={m.admin.disableRun} danger onClose={() => setAsking(null)} onConfirm={() => act('disable', reason.trim() ? { reason: reason.trim() } : {}, m.admin.disabled)}>
          <Field label={m.admin.disableReason} stacked>{(x) => <Input {...x} maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
        </Confirm>
      )}
    </Dialog>
  )
}

/** The name to sign in with, changed in place. */
function Rename({ a }: { a: Account }) {
  const m = useM()
  const stale = useStaleEntries()
  const [login, setLogin] = useState(a.login)
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    setError('')
    try {
      await api.patch(`/accounts/${a.id}`, { login: login.trim() }, { version: a.version })
      await stale('/accounts')
      toast(m.admin.saved(login.trim()))
    } catch (e) {
      setError(say(e, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(e) => (e.preventDefault(), void save())}>
      <Field label={m.admin.fields.login} error={error || undefined} hint={m.admin.hints.login}>
        {(x) => <span className="row"><Input {...x} maxLength={64} value={login} onChange={(e) => setLogin(e.target.value)} />{login.trim() !== a.login && login.trim() !== '' && <Button type="submit" busy={busy}>{m.admin.rename}</Button>}</span>}
      </Field>
    </form>
  )
}
