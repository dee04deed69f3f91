import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '@/api/client'
import { entryQuery, type Person, type Team } from '@/api/party'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import type { Named, Page } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { pick, useM, type Label } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { Confirm } from '@/shared/ui/Confirm'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { PageFrame } from '@/shared/ui/Page'
import { PersonChip } from '@/shared/ui/Person'
import { toast } from '@/shared/ui/Toast'
import css from './admin.module.css'
import { AccountDrawer, NewAccountDrawer, type Account } from './AccountsPage'
import { EntryPageForm } from './EntryForm'
import { GrantDrawer, type Grant } from './GrantsPage'
import { fieldsOf, namesIn, useStaleEntries, valuesOf } from './model'

interface Leaving {
  person: Person
  open_work: { number: string; type: string; title: string; state: string }[]
  reports: Named[]
  headed: Named[]
  teams: Named[]
  dedicated: Named[]
}

/** One person: details, where they stand, what they may do, and the end of it. */
export function PersonPage({ id }: { id: string }) {
  const m = useM()
  const now = useNow()
  const client = useQueryClient()
  const { perms } = useSession()
  const stale = useStaleEntries()
  const query = useQuery(entryQuery<Person>('/people', id))
  const [asking, setAsking] = useState(false)
  const [leaving, setLeaving] = useState<Leaving | null>(null)
  if (query.isPending) return <Skeleton rows={8} kind="record" />
  if (query.isError) {
    if (query.error instanceof Problem && query.error.status === 404) return <EmptyState action={<Link to={'/admin/people' as '/'}>{m.admin.back(m.admin.people)}</Link>}>{m.admin.gone}</EmptyState>
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  }
  const p = query.data
  const fields = fieldsOf.person(m, p.side, false).map((f) => (perms.includes('party.write') ? f : { ...f, read_only: true }))
  const put = (next: Person) => {
    client.setQueryData(entryQuery<Person>('/people', id).queryKey, next)
    void stale('/people')
  }
  const leave = async () => {
    try {
      const done = await api.post<Leaving>(`/people/${id}/leave`, {}, { version: p.version })
      setLeaving(done)
      put(done.person)
      void stale('/accounts', '/teams')
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
    setAsking(false)
  }
  const comeBack = async () => {
    try {
      put(await api.post<Person>(`/people/${id}/return`, {}, { version: p.version }))
      setLeaving(null)
      toast(m.admin.returned(p.name))
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  return (
    <PageFrame
      title={<span className="row">{p.name}{p.status === 'left' && <Chip>{m.admin.statuses.left}</Chip>}{p.masked && <Chip>{m.admin.masked}</Chip>}</span>}
      sub={[p.position, p.organisation_name, p.left_at && m.admin.leftAt(moment(p.left_at, now))].filter(Boolean).join(' · ')}
      tools={perms.includes('party.leave') && (p.status === 'left' ? <Button onClick={() => void comeBack()}>{m.admin.return}</Button> : <Button onClick={() => setAsking(true)}>{m.admin.leave}</Button>)}
    >
      <div className={css.columns}>
        <div>
          {leaving && <Left leaving={leaving} />}
          <EntryPageForm
            key={p.version}
            fields={fields}
            required={['name']}
            initial={valuesOf(p, fields)}
            names={namesIn(p)}
            scope={p.organisation}
            onSave={async (patch) => {
              try {
                put(await api.patch<Person>(`/people/${id}`, patch, { version: p.version }))
                toast(m.admin.saved(p.name))
              } catch (e) {
                if (e instanceof Problem && e.stale) void query.refetch()
                throw e
              }
            }}
          />
        </div>
        <aside>
          <Line id={id} />
          {p.side === 'provider' && <InTeams id={id} />}
          {perms.includes('identity.manage') && <Access p={p} />}
        </aside>
      </div>
      {asking && (
        <Confirm title={m.admin.leaveAsk(p.name)} action={m.admin.leaveRun} danger onConfirm={leave} onClose={() => setAsking(false)}>
          <p>{m.admin.leaveText}</p>
        </Confirm>
      )}
    </PageFrame>
  )
}

/** What a leaver leaves behind, to be handed over. */
function Left({ leaving: l }: { leaving: Leaving }) {
  const m = useM()
  const refs = (title: string, items: Named[], to?: string) =>
    items.length > 0 && (
      <div>
        <h3>{title}</h3>
        <ul className={css.list}>{items.map((x) => <li key={x.id}>{to ? <Link to={`${to}/${x.id}` as '/'}>{x.name}</Link> : x.name}</li>)}</ul>
      </div>
    )
  return (
    <section className={css.left} aria-live="polite">
      <h2>{m.admin.left(l.person.name)}</h2>
      <div>
        <h3>{m.admin.openWork}</h3>
        {l.open_work.length === 0 ? <p className="sub">{m.admin.openWorkNone}</p> : (
          <>
            <p className="sub">{m.admin.openWorkHint}</p>
            <ul className={css.list}>{l.open_work.map((w) => <li key={w.number}><Link to="/r/$number" params={{ number: w.number }} className="no">{w.number}</Link> {w.title} <span className="muted">{w.state}</span></li>)}</ul>
          </>
        )}
      </div>
      {refs(m.admin.reportsOf, l.reports, '/admin/people')}
      {refs(m.admin.headedBy, l.headed)}
      {refs(m.admin.leftTeams, l.teams)}
      {refs(m.admin.lostDedicated, l.dedicated, '/admin/organisations')}
    </section>
  )
}

function Line({ id }: { id: string }) {
  const m = useM()
  const query = useQuery({ queryKey: ['entries:/people', 'superiors', id], queryFn: () => api.get<Page<Person>>(`/people/${id}/superiors`) })
  return (
    <section className={css.block}>
      <div className={css.blockHead}><h2>{m.admin.line}</h2></div>
      {query.isPending ? <Skeleton rows={2} kind="record" /> : query.isError ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : query.data.items.length === 0 ? <p className="muted">{m.admin.lineNone}</p> : (
        <ol className={css.list}>{query.data.items.map((s) => <li key={s.id}><Link to={`/admin/people/${s.id}` as '/'}><PersonChip name={s.name} role={s.position} /></Link></li>)}</ol>
      )}
    </section>
  )
}

function InTeams({ id }: { id: string }) {
  const m = useM()
  const query = useQuery({ queryKey: ['entries:/teams', 'of', id], queryFn: () => api.get<Page<Team>>('/teams', { person: id, status: 'active' }) })
  return (
    <section className={css.block}>
      <div className={css.blockHead}><h2>{m.admin.inTeams}</h2></div>
      {query.isPending ? <Skeleton rows={2} kind="record" /> : query.isError ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : query.data.items.length === 0 ? <p className="muted">{m.admin.inTeamsNone}</p> : (
        <ul className={css.list}>{query.data.items.map((t) => <li key={t.id}>{t.name}{t.tier && <span className="muted">{m.admin.tiers[t.tier] ?? t.tier}</span>}</li>)}</ul>
      )}
    </section>
  )
}

function Access({ p }: { p: Person }) {
  const m = useM()
  const [drawer, setDrawer] = useState<'new' | 'grant' | Account | null>(null)
  const accounts = useQuery({ queryKey: ['entries:/accounts', 'of', p.id], queryFn: () => api.get<Page<Account>>('/accounts', { person: p.id }) })
  const grants = useQuery({ queryKey: ['entries:/grants', 'of', p.id], queryFn: () => api.get<Page<Grant>>('/grants', { person: p.id, limit: 100 }) })
  return (
    <section className={css.block}>
      <div className={css.blockHead}>
        <h2>{m.admin.access}</h2>
        {p.status === 'active' && <Button size="small" onClick={() => setDrawer('grant')}>{m.admin.giveRole}</Button>}
      </div>
      {accounts.isPending || grants.isPending ? (
        <Skeleton rows={3} kind="record" />
      ) : accounts.isError || grants.isError ? (
        <ErrorState error={accounts.error ?? grants.error} onRetry={() => (void accounts.refetch(), void grants.refetch())} />
      ) : (
        <ul className={css.list}>
          {accounts.data.items.map((a) => <li key={a.id}><Button kind="link" onClick={() => setDrawer(a)}>{a.login}</Button>{a.disabled && <Chip>{m.admin.state.disabled}</Chip>}</li>)}
          {accounts.data.items.length === 0 && <li className="muted">{m.admin.noAccount} {p.status === 'active' && <Button kind="link" onClick={() => setDrawer('new')}>{m.admin.giveAccount}</Button>}</li>}
          {grants.data.items.map((g) => <li key={g.id}>{pick(g.role_label as Label)} <span className="muted">{[g.customer_name || m.admin.allCustomers, g.process || m.admin.allProcesses].join(' · ')}</span></li>)}
        </ul>
      )}
      {drawer === 'new' && <NewAccountDrawer person={{ id: p.id, name: p.name }} onClose={() => setDrawer(null)} />}
      {drawer === 'grant' && <GrantDrawer person={{ id: p.id, name: p.name }} side={p.side === 'customer' ? 'customer' : 'provider'} onClose={() => setDrawer(null)} />}
      {drawer && typeof drawer === 'object' && <AccountDrawer id={drawer.id} onClose={() => setDrawer(null)} />}
    </section>
  )
}
