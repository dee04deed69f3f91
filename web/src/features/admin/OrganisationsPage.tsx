import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { entryQuery, type Department, type Head, type Organisation, type ServiceInUse, type Site } from '@/api/party'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import type { FieldMeta } from '@/api/types'
import type { Filters } from '@/shared/list/filters'
import { FilterRow } from '@/shared/list/FilterRow'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { DataTable, RowName, type DataColumn } from '@/shared/ui/DataTable'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import css from './admin.module.css'
import { EntryDrawer, EntryPageForm } from './EntryForm'
import { fieldsOf, inactive, namesIn, useEntries, useStaleEntries, valuesOf } from './model'

const plus = <Plus size={15} strokeWidth={1.75} />
export const organisationFilters = ['q', 'kind', 'status', 'customer_class']

/** The provider, its customers and its suppliers. */
export function OrganisationsPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const navigate = useNavigate()
  const { perms } = useSession()
  const stale = useStaleEntries()
  const [adding, setAdding] = useState(false)
  const list = useEntries<Organisation>('/organisations', { status: 'active', ...filters })
  const open = (o: Organisation) => void navigate({ to: '/admin/organisations/$id', params: { id: o.id } })
  const f = m.admin.fields
  const filterFields: FieldMeta[] = [
    { name: 'kind', type: 'enum', label: f.side, options: Object.entries(m.admin.sides).map(([value, label]) => ({ value, label })) },
    { name: 'status', type: 'enum', label: m.admin.status, options: ['active', 'inactive'].map((value) => ({ value, label: m.admin.statuses[value] ?? value })) },
  ]
  return (
    <PageFrame
      title={m.admin.organisations}
      tools={perms.includes('party.write') && <Button kind="primary" icon={plus} onClick={() => setAdding(true)}>{m.admin.add(m.admin.kind.organisation)}</Button>}
      bar={<FilterRow search={m.admin.search} fields={filterFields} filters={filters} onChange={onFilters} />}
    >
      <DataTable
        label={m.admin.organisations}
        rows={list.rows}
        error={list.error}
        onRetry={list.retry}
        more={list.more}
        rowKey={(o) => o.id}
        off={inactive}
        onOpen={open}
        empty={Object.keys(filters).length ? m.admin.emptyFiltered(m.admin.kind.organisation) : m.admin.empty(m.admin.kind.organisation)}
        emptyAction={Object.keys(filters).length ? <Button onClick={() => onFilters({})}>{m.admin.clearFilters}</Button> : undefined}
        columns={[
          { name: 'name', label: f.title, cell: (o) => <RowName onOpen={() => open(o)}>{o.name}</RowName> },
          { name: 'kind', label: f.side, cell: (o) => m.admin.sides[o.kind] ?? o.kind },
          { name: 'short', label: f.short_name, cell: (o) => o.short_name },
          { name: 'code', label: f.code, cell: (o) => <span className="no">{o.code}</span> },
          { name: 'class', label: f.customer_class, cell: (o) => o.customer_class },
          { name: 'phone', label: f.phone, cell: (o) => <span className="num">{o.phone}</span> },
          { name: 'status', label: m.admin.status, cell: (o) => (o.status === 'active' ? '' : m.admin.statuses[o.status]), end: true },
        ]}
      />
      {adding && (
        <EntryDrawer
          title={m.admin.add(m.admin.kind.organisation)}
          action={m.admin.add(m.admin.kind.organisation)}
          fields={fieldsOf.organisation(m, 'customer', true)}
          required={['kind', 'name']}
          initial={{}}
          onClose={() => setAdding(false)}
          onSave={async (patch) => {
            const made = await api.post<Organisation>('/organisations', patch)
            await stale('/organisations')
            toast(m.admin.added(made.name))
            open(made)
          }}
        />
      )}
    </PageFrame>
  )
}

/** One organisation with its sites, products in use and departments. */
export function OrganisationPage({ id }: { id: string }) {
  const m = useM()
  const client = useQueryClient()
  const { perms } = useSession()
  const stale = useStaleEntries()
  const query = useQuery(entryQuery<Organisation>('/organisations', id))
  if (query.isPending) return <Skeleton rows={8} kind="record" />
  if (query.isError) {
    if (query.error instanceof Problem && query.error.status === 404) return <EmptyState action={<Link to={'/admin/organisations' as '/'}>{m.admin.back(m.admin.organisations)}</Link>}>{m.admin.gone}</EmptyState>
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  }
  const o = query.data
  const may = perms.includes('party.write')
  const fields = fieldsOf.organisation(m, o.kind, false)
  const put = (next: Organisation) => {
    client.setQueryData(entryQuery<Organisation>('/organisations', id).queryKey, next)
    void stale('/organisations')
  }
  const patch = async (body: object) => {
    try {
      put(await api.patch<Organisation>(`/organisations/${id}`, body, { version: o.version }))
      toast(m.admin.saved(o.name))
    } catch (e) {
      if (e instanceof Problem && e.stale) void query.refetch()
      throw e
    }
  }
  const toggle = () => void patch({ status: o.status === 'active' ? 'inactive' : 'active' }).catch((e: unknown) => toast(say(e, m.error.network), undefined, true))
  return (
    <PageFrame
      title={<span className="row">{o.name}{o.status !== 'active' && <Chip>{m.admin.statuses[o.status]}</Chip>}</span>}
      sub={[m.admin.sides[o.kind], o.code].filter(Boolean).join(' · ')}
      tools={
        <>
          <Link to={'/admin/people' as '/'} search={{ organisation: id } as never}>{m.admin.seePeople}</Link>
          {may && o.kind !== 'provider' && <Button onClick={toggle}>{o.status === 'active' ? m.admin.turnOff(m.admin.kind.organisation) : m.admin.turnOn(m.admin.kind.organisation)}</Button>}
        </>
      }
    >
      <div className={css.full}>
        <section className={css.block}>
          <div className={css.blockHead}><h2>{m.admin.details}</h2></div>
          <div className={css.narrowForm}><EntryPageForm key={o.version} fields={fields} required={['name']} initial={valuesOf(o, fields)} onSave={patch} /></div>
        </section>
        <Parts<Site>
          title={m.admin.sites} kind={m.admin.kind.site} path="/sites" query={{ organisation: id }} owner={{ organisation: id }} scope={id} fields={fieldsOf.site(m)} may={may}
          columns={[{ name: 'kind', label: m.admin.fields.kind, cell: (s) => s.kind }, { name: 'address', label: m.admin.fields.address, cell: (s) => s.address }, { name: 'phone', label: m.admin.fields.phone, cell: (s) => <span className="num">{s.phone}</span> }]}
        />
        {o.kind === 'customer' && (
          <Parts<ServiceInUse>
            title={m.admin.services} kind={m.admin.kind.service} path="/services" query={{ customer: id }} owner={{ customer: id }} scope={id} fields={fieldsOf.service(m)} may={may}
            columns={[{ name: 'kind', label: m.admin.fields.kind, cell: (s) => s.kind }, { name: 'sites', label: m.admin.fields.usedSites, cell: (s) => s.sites.map((x) => x.name).join(m.app.listSep) || m.app.all }, { name: 'code', label: m.admin.fields.code, cell: (s) => s.code }]}
          />
        )}
        <Parts<Department>
          title={m.admin.departments} kind={m.admin.kind.department} path="/departments" query={{ organisation: id }} owner={{ organisation: id }} scope={id} fields={fieldsOf.department(m)} may={may}
          columns={[{ name: 'parent', label: m.admin.fields.parent, cell: (d) => d.parent_name ?? '' }, { name: 'head', label: m.admin.fields.head, cell: (d) => d.head_name ?? '' }]}
        />
      </div>
    </PageFrame>
  )
}

interface PartsProps<T> {
  title: string
  kind: string
  path: string
  query: Record<string, string>
  /** What a new one belongs to. */
  owner: Record<string, string>
  scope: string
  fields: FieldMeta[]
  columns: DataColumn<T>[]
  may: boolean
}

/** What belongs to an organisation: a small list with add and change. */
function Parts<T extends Head & { name: string }>({ title, kind, path, query, owner, scope, fields, columns, may }: PartsProps<T>) {
  const m = useM()
  const stale = useStaleEntries()
  const list = useEntries<T>(path, query)
  const [open, setOpen] = useState<T | 'new' | null>(null)
  const toggle = async (x: T) => {
    try {
      await api.patch(`${path}/${x.id}`, { status: x.status === 'active' ? 'inactive' : 'active' }, { version: x.version })
      await stale(path)
      setOpen(null)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  return (
    <section className={css.block}>
      <div className={css.blockHead}>
        <h2>{title}</h2>
        {may && <Button size="small" icon={plus} onClick={() => setOpen('new')}>{m.admin.add(kind)}</Button>}
      </div>
      <div className={css.flush}>
        <DataTable
          label={title}
          rows={list.rows}
          error={list.error}
          onRetry={list.retry}
          more={list.more}
          rowKey={(x) => x.id}
          off={inactive}
          onOpen={may ? (x) => setOpen(x) : undefined}
          empty={m.admin.empty(kind)}
          columns={[
            { name: 'name', label: m.admin.fields.title, cell: (x) => (may ? <RowName onOpen={() => setOpen(x)}>{x.name}</RowName> : x.name) },
            ...columns,
            { name: 'status', label: m.admin.status, cell: (x) => (x.status === 'active' ? '' : m.admin.statuses[x.status]), end: true },
          ]}
        />
      </div>
      {open && (
        <EntryDrawer
          key={open === 'new' ? 'new' : open.id}
          title={open === 'new' ? m.admin.add(kind) : m.admin.edit(kind)}
          {...(open === 'new' ? {} : { sub: open.name })}
          action={open === 'new' ? m.admin.add(kind) : m.app.save}
          fields={fields}
          required={['name']}
          initial={open === 'new' ? {} : valuesOf(open, fields)}
          names={open === 'new' ? {} : namesIn(open)}
          scope={scope}
          onClose={() => setOpen(null)}
          foot={open !== 'new' && <Button kind="quiet" onClick={() => void toggle(open)}>{open.status === 'active' ? m.admin.turnOff(kind) : m.admin.turnOn(kind)}</Button>}
          onSave={async (patch) => {
            const made = open === 'new' ? await api.post<T>(path, { ...owner, ...patch }) : await api.patch<T>(`${path}/${open.id}`, patch, { version: open.version })
            await stale(path)
            toast(open === 'new' ? m.admin.added(made.name) : m.admin.saved(made.name))
            setOpen(null)
          }}
        />
      )}
    </section>
  )
}
