import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Link } from '@tanstack/react-router'
import { api } from '@/api/client'
import { metaQuery } from '@/api/queries'
import { say } from '@/api/problem'
import type { FieldMeta, Instant, Page } from '@/api/types'
import type { Filters } from '@/shared/list/filters'
import { FilterRow } from '@/shared/list/FilterRow'
import { useNow } from '@/shared/lib/clock'
import { pick, useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button } from '@/shared/ui/Button'
import { DataTable } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import { EntryDrawer } from './EntryForm'
import { useEntries, useStaleEntries } from './model'

export interface Grant {
  id: string
  person: string
  person_name: string
  person_status: string
  organisation_name: string
  role: string
  role_label: { zh: string; en: string }
  customer: string
  customer_name?: string
  project: string
  process: string
  created_at: Instant
  created_by_name?: string
  last_use?: Instant
}
export interface Role {
  code: string
  version: number
  label: { zh: string; en: string }
  side: 'provider' | 'customer'
  perms: string[]
  builtin: boolean
  edited: boolean
  people: number
}

export const grantFilters = ['person', 'role', 'customer', 'organisation']

export const useRoles = () => useQuery({ queryKey: ['entries:/roles'], queryFn: () => api.get<Page<Role>>('/roles'), select: (p) => p.items })

/** Who holds which role, for which customer and process. */
export function GrantsPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const now = useNow()
  const stale = useStaleEntries()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const roles = useRoles()
  const [adding, setAdding] = useState(false)
  const list = useEntries<Grant>('/grants', filters)
  const f = m.admin.fields
  const filterFields: FieldMeta[] = [
    { name: 'person', type: 'ref', to: 'person', label: f.name },
    { name: 'role', type: 'enum', label: f.role, options: (roles.data ?? []).map((r) => ({ value: r.code, label: pick(r.label) })) },
    { name: 'customer', type: 'ref', to: 'customer', label: f.customer },
  ]
  const process = (code: string) => meta.types.find((t) => t.type === code)?.label ?? code
  const revoke = async (g: Grant) => {
    try {
      await api.delete(`/grants/${g.id}`)
      await stale('/grants', '/accounts', '/roles')
      toast(m.admin.revoked(g.person_name, pick(g.role_label)), {
        label: m.app.undo,
        run: () => void api.post('/grants', { person: g.person, role: g.role, ...(g.customer ? { customer: g.customer } : {}), ...(g.project ? { project: g.project } : {}), ...(g.process ? { process: g.process } : {}) }).then(() => stale('/grants', '/accounts', '/roles'), (e: unknown) => toast(say(e, m.error.network), undefined, true)),
      })
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  return (
    <PageFrame
      title={m.admin.grants}
      tools={<Button kind="primary" icon={<Plus size={15} strokeWidth={1.75} />} onClick={() => setAdding(true)}>{m.admin.giveRole}</Button>}
      bar={<FilterRow fields={filterFields} filters={filters} onChange={onFilters} />}
    >
      <DataTable
        label={m.admin.grants}
        rows={list.rows}
        error={list.error}
        onRetry={list.retry}
        more={list.more}
        rowKey={(g) => g.id}
        off={(g) => g.person_status !== 'active'}
        empty={Object.keys(filters).length ? m.admin.emptyFiltered(m.admin.kind.grant) : m.admin.empty(m.admin.kind.grant)}
        columns={[
          { name: 'person', label: f.name, cell: (g) => <Link to={`/admin/people/${g.person}` as '/'}>{g.person_name}</Link> },
          { name: 'organisation', label: f.organisation, cell: (g) => g.organisation_name },
          { name: 'role', label: f.role, cell: (g) => pick(g.role_label) },
          { name: 'customer', label: f.customer, cell: (g) => g.customer_name || <span className="muted">{m.admin.allCustomers}</span> },
          { name: 'process', label: f.process, cell: (g) => (g.process ? process(g.process) : <span className="muted">{m.admin.allProcesses}</span>) },
          { name: 'granted', label: f.granted, cell: (g) => <span className="num sub">{[g.created_by_name, moment(g.created_at, now)].filter(Boolean).join(' · ')}</span> },
          { name: 'last', label: m.admin.unusedSince, cell: (g) => <span className="num sub">{g.last_use ? moment(g.last_use, now) : m.admin.never}</span> },
          { name: 'do', label: m.admin.revoke, hideLabel: true, end: true, cell: (g) => <Button size="small" onClick={() => void revoke(g)}>{m.admin.revoke}</Button> },
        ]}
      />
      {adding && <GrantDrawer onClose={() => setAdding(false)} />}
    </PageFrame>
  )
}

export function GrantDrawer({ person, side, onClose }: { person?: { id: string; name: string }; side?: 'provider' | 'customer'; onClose: () => void }) {
  const m = useM()
  const stale = useStaleEntries()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const roles = useRoles()
  const f = m.admin.fields
  const fields: FieldMeta[] = [
    ...(person ? [] : [{ name: 'person', type: 'ref' as const, to: 'person', label: f.name }]),
    { name: 'role', type: 'enum', label: f.role, options: (roles.data ?? []).filter((r) => !side || r.side === side).map((r) => ({ value: r.code, label: pick(r.label), hint: m.admin.sides[r.side] ?? '' })) },
    { name: 'customer', type: 'ref', to: 'customer', label: f.customer, help: m.admin.hints.customer },
    { name: 'process', type: 'enum', label: f.process, options: meta.types.map((t) => ({ value: t.type, label: t.label })), help: m.admin.hints.process },
  ]
  return (
    <EntryDrawer
      title={m.admin.giveRole}
      {...(person ? { sub: person.name } : {})}
      action={m.admin.grantRun}
      fields={fields}
      required={['person', 'role']}
      initial={{}}
      onClose={onClose}
      onSave={async (patch) => {
        const made = await api.post<Grant>('/grants', { ...(person ? { person: person.id } : {}), ...patch })
        await stale('/grants', '/accounts', '/roles')
        toast(m.admin.grantedTo(made.person_name, pick(made.role_label)))
        onClose()
      }}
    />
  )
}
