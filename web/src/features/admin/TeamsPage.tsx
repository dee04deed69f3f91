import { Plus } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import type { Dedicated, Team } from '@/api/party'
import { say } from '@/api/problem'
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
import { fieldsOf, inactive, namesIn, useEntries, useStaleEntries, valuesOf } from './model'

const plus = <Plus size={15} strokeWidth={1.75} />
export const teamFilters = ['q', 'tier', 'status', 'customer']
export const dedicatedFilters = ['customer', 'service', 'person', 'status']

/** Groups that work is given to, with tier and members. */
export function TeamsPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const session = useSession()
  const stale = useStaleEntries()
  const may = session.perms.includes('party.write')
  const [open, setOpen] = useState<Team | 'new' | null>(null)
  const list = useEntries<Team>('/teams', { status: 'active', ...filters })
  const f = m.admin.fields
  const kind = m.admin.kind.team
  const fields = fieldsOf.team(m)
  const filterFields: FieldMeta[] = [
    { name: 'tier', type: 'enum', label: f.tier, options: Object.entries(m.admin.tiers).map(([value, label]) => ({ value, label })) },
    { name: 'customer', type: 'ref', to: 'customer', label: f.customer },
    { name: 'status', type: 'enum', label: m.admin.status, options: ['active', 'inactive'].map((value) => ({ value, label: m.admin.statuses[value] ?? value })) },
  ]
  const toggle = async (t: Team) => {
    try {
      await api.patch(`/teams/${t.id}`, { status: t.status === 'active' ? 'inactive' : 'active' }, { version: t.version })
      await stale('/teams')
      setOpen(null)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  return (
    <PageFrame
      title={m.admin.teams}
      tools={may && <Button kind="primary" icon={plus} onClick={() => setOpen('new')}>{m.admin.add(kind)}</Button>}
      bar={<FilterRow search={m.admin.search} fields={filterFields} filters={filters} onChange={onFilters} />}
    >
      <DataTable
        label={m.admin.teams}
        rows={list.rows}
        error={list.error}
        onRetry={list.retry}
        more={list.more}
        rowKey={(t) => t.id}
        off={inactive}
        onOpen={may ? (t) => setOpen(t) : undefined}
        empty={Object.keys(filters).length ? m.admin.emptyFiltered(kind) : m.admin.empty(kind)}
        columns={[
          { name: 'name', label: f.title, cell: (t) => (may ? <RowName onOpen={() => setOpen(t)}>{t.name}</RowName> : t.name) },
          { name: 'tier', label: f.tier, cell: (t) => m.admin.tiers[t.tier] ?? t.tier },
          { name: 'lead', label: f.lead, cell: (t) => t.lead_name ?? '' },
          { name: 'members', label: f.members, cell: (t) => <span>{t.members.slice(0, 6).map((x) => x.name).join(m.app.listSep)}{t.members.length > 6 && ` … ${m.admin.memberCount(t.members.length)}`}</span> },
          { name: 'customer', label: f.customer, cell: (t) => <>{t.customer_name} {t.resident && <Chip>{f.resident}</Chip>}</> },
          { name: 'status', label: m.admin.status, cell: (t) => (t.status === 'active' ? '' : m.admin.statuses[t.status]), end: true },
        ]}
      />
      {open && (
        <EntryDrawer
          key={open === 'new' ? 'new' : open.id}
          title={open === 'new' ? m.admin.add(kind) : m.admin.edit(kind)}
          action={open === 'new' ? m.admin.add(kind) : m.app.save}
          fields={fields}
          required={['name']}
          initial={open === 'new' ? {} : valuesOf(open, fields)}
          names={open === 'new' ? {} : namesIn(open)}
          onClose={() => setOpen(null)}
          foot={open !== 'new' && <Button kind="quiet" onClick={() => void toggle(open)}>{open.status === 'active' ? m.admin.turnOff(kind) : m.admin.turnOn(kind)}</Button>}
          onSave={async ({ members, ...patch }) => {
            if (open === 'new') await api.post('/teams', { organisation: session.organisation.id, ...patch, ...(members ? { members } : {}) })
            else {
              let version = open.version
              if (Object.keys(patch).length > 0) version = (await api.patch<Team>(`/teams/${open.id}`, patch, { version })).version
              if (members !== undefined) await api.put(`/teams/${open.id}/members`, { people: members }, { version })
            }
            await stale('/teams')
            toast(m.admin.saved(open === 'new' ? String(patch.name) : open.name))
            setOpen(null)
          }}
        />
      )}
    </PageFrame>
  )
}

/** Who is there for one customer, product or site first. */
export function DedicatedPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const { perms } = useSession()
  const stale = useStaleEntries()
  const may = perms.includes('party.write')
  const [open, setOpen] = useState<Dedicated | 'new' | null>(null)
  const list = useEntries<Dedicated>('/dedicated-engineers', { status: 'active', ...filters })
  const f = m.admin.fields
  const kind = m.admin.kind.dedicated
  const fields = fieldsOf.dedicated(m, open === 'new')
  const filterFields: FieldMeta[] = [
    { name: 'customer', type: 'ref', to: 'customer', label: f.customer },
    { name: 'person', type: 'ref', to: 'staff', label: f.person },
    { name: 'status', type: 'enum', label: m.admin.status, options: ['active', 'inactive'].map((value) => ({ value, label: m.admin.statuses[value] ?? value })) },
  ]
  const place = (d: Dedicated) => [d.customer_name, d.service_name, d.site_name].filter(Boolean).join(' · ')
  const toggle = async (d: Dedicated) => {
    try {
      await api.patch(`/dedicated-engineers/${d.id}`, { status: d.status === 'active' ? 'inactive' : 'active' }, { version: d.version })
      await stale('/dedicated-engineers')
      setOpen(null)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  return (
    <PageFrame
      title={m.admin.dedicated}
      tools={may && <Button kind="primary" icon={plus} onClick={() => setOpen('new')}>{m.admin.add(kind)}</Button>}
      bar={<FilterRow fields={filterFields} filters={filters} onChange={onFilters} />}
    >
      <DataTable
        label={m.admin.dedicated}
        rows={list.rows}
        error={list.error}
        onRetry={list.retry}
        more={list.more}
        rowKey={(d) => d.id}
        off={inactive}
        onOpen={may ? (d) => setOpen(d) : undefined}
        empty={Object.keys(filters).length ? m.admin.emptyFiltered(kind) : m.admin.empty(kind)}
        columns={[
          { name: 'person', label: f.person, cell: (d) => (may ? <RowName onOpen={() => setOpen(d)}><PersonChip name={d.person_name ?? d.person} /></RowName> : (d.person_name ?? '')) },
          { name: 'customer', label: f.customer, cell: (d) => d.customer_name ?? '' },
          { name: 'service', label: f.service, cell: (d) => d.service_name ?? '' },
          { name: 'site', label: f.site, cell: (d) => d.site_name ?? '' },
          { name: 'note', label: f.note, cell: (d) => <span className="sub">{d.note}</span> },
          { name: 'status', label: m.admin.status, cell: (d) => (d.status === 'active' ? '' : m.admin.statuses[d.status]), end: true },
        ]}
      />
      {open && (
        <EntryDrawer
          key={open === 'new' ? 'new' : open.id}
          title={open === 'new' ? m.admin.add(kind) : m.admin.edit(kind)}
          {...(open === 'new' ? {} : { sub: place(open) })}
          action={open === 'new' ? m.admin.add(kind) : m.app.save}
          fields={fields}
          required={['person']}
          initial={open === 'new' ? {} : valuesOf(open, fields)}
          names={open === 'new' ? {} : namesIn(open)}
          onClose={() => setOpen(null)}
          foot={open !== 'new' && <Button kind="quiet" onClick={() => void toggle(open)}>{open.status === 'active' ? m.admin.turnOff(kind) : m.admin.turnOn(kind)}</Button>}
          onSave={async (patch) => {
            if (open === 'new') await api.post('/dedicated-engineers', patch)
            else await api.patch(`/dedicated-engineers/${open.id}`, patch, { version: open.version })
            await stale('/dedicated-engineers')
            toast(m.admin.saved(kind))
            setOpen(null)
          }}
        />
      )}
    </PageFrame>
  )
}
