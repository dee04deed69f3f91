import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { entryQuery, type Organisation, type Person } from '@/api/party'
import { useSession } from '@/api/session'
import type { FieldMeta } from '@/api/types'
import type { Filters } from '@/shared/list/filters'
import { FilterRow } from '@/shared/list/FilterRow'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'
import { PersonChip } from '@/shared/ui/Person'
import { toast } from '@/shared/ui/Toast'
import { EntryDrawer } from './EntryForm'
import { fieldsOf, inactive, useEntries, useStaleEntries } from './model'

export const peopleFilters = ['q', 'organisation', 'side', 'status', 'team']

/** Everybody who appears in the service. */
export function PeoplePage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const navigate = useNavigate()
  const { perms } = useSession()
  const [adding, setAdding] = useState(false)
  const list = useEntries<Person>('/people', { status: 'active', ...filters })
  const open = (p: Person) => void navigate({ to: '/admin/people/$id', params: { id: p.id } })
  const f = m.admin.fields
  const filterFields: FieldMeta[] = [
    { name: 'organisation', type: 'ref', to: 'organisation', label: f.organisation },
    { name: 'side', type: 'enum', label: f.side, options: Object.entries(m.admin.sides).map(([value, label]) => ({ value, label })) },
    { name: 'status', type: 'enum', label: m.admin.status, options: ['active', 'left'].map((value) => ({ value, label: m.admin.statuses[value] ?? value })) },
  ]
  return (
    <PageFrame
      title={m.admin.people}
      tools={perms.includes('party.write') && <Button kind="primary" icon={<Plus size={15} strokeWidth={1.75} />} onClick={() => setAdding(true)}>{m.admin.add(m.admin.kind.person)}</Button>}
      bar={<FilterRow search={m.admin.search} fields={filterFields} filters={filters} onChange={onFilters} />}
    >
      <DataTable
        label={m.admin.people}
        rows={list.rows}
        error={list.error}
        onRetry={list.retry}
        more={list.more}
        rowKey={(p) => p.id}
        off={inactive}
        onOpen={open}
        empty={Object.keys(filters).length ? m.admin.emptyFiltered(m.admin.kind.person) : m.admin.empty(m.admin.kind.person)}
        emptyAction={Object.keys(filters).length ? <Button onClick={() => onFilters({})}>{m.admin.clearFilters}</Button> : undefined}
        columns={[
          { name: 'name', label: f.name, cell: (p) => <RowName onOpen={() => open(p)}><PersonChip name={p.name} role={p.form_of_address} /></RowName> },
          { name: 'position', label: f.position, cell: (p) => p.position },
          { name: 'organisation', label: f.organisation, cell: (p) => <>{p.organisation_name} {p.outsourced && <Chip>{f.outsourced}</Chip>}</> },
          { name: 'superior', label: f.superior, cell: (p) => p.superior_name ?? '' },
          { name: 'phone', label: f.phone, cell: (p) => <span className="num">{p.phone}</span> },
          { name: 'status', label: m.admin.status, cell: (p) => (p.status === 'active' ? '' : (m.admin.statuses[p.status] ?? p.status)), end: true },
        ]}
      />
      {adding && <PersonDrawer organisation={filters.organisation} onClose={() => setAdding(false)} onDone={open} />}
    </PageFrame>
  )
}

function PersonDrawer({ organisation, onClose, onDone }: { organisation?: string | undefined; onClose: () => void; onDone: (p: Person) => void }) {
  const m = useM()
  const session = useSession()
  const stale = useStaleEntries()
  const [org, setOrg] = useState(organisation ?? session.organisation.id)
  const chosen = useQuery({ ...entryQuery<Organisation>('/organisations', org), enabled: !!org })
  const names = chosen.data ? { [org]: chosen.data.name } : { [session.organisation.id]: session.organisation.name }
  return (
    <EntryDrawer
      title={m.admin.add(m.admin.kind.person)}
      action={m.admin.add(m.admin.kind.person)}
      fields={fieldsOf.person(m, chosen.data?.kind ?? 'provider', true)}
      required={['organisation', 'name']}
      initial={{ organisation: organisation ?? session.organisation.id }}
      names={names}
      scope={org}
      onValues={(v) => setOrg(String(v.organisation ?? ''))}
      onClose={onClose}
      onSave={async (patch) => {
        const made = await api.post<Person>('/people', { organisation: org, ...patch })
        await stale('/people')
        toast(m.admin.added(made.name))
        onDone(made)
      }}
    />
  )
}
