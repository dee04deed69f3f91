import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useSession } from '@/api/session'
import { agreementsQuery, calendarsQuery, type Agreement } from '@/api/sla'
import type { Filters } from '@/shared/list/filters'
import { pick, useM } from '@/shared/lib/i18n'
import { hours } from '@/shared/lib/time'
import { Button, ButtonLink } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { DataTable } from '@/shared/ui/DataTable'
import { Input } from '@/shared/ui/Field'
import { PageFrame, pageTabs } from '@/shared/ui/Page'
import { ViewTabs } from '@/shared/ui/Tabs'
import css from './agreements.module.css'
import { useNames } from './model'

export const agreementFilters = ['q', 'kind', 'state']

/** The two pages of the area as tabs. */
export function AreaTabs() {
  const m = useM()
  return (
    <nav className={pageTabs.nav} aria-label={m.agreements.title}>
      <Link to="/agreements" className={pageTabs.tab} activeProps={{ className: pageTabs.on, 'aria-current': 'page' }} activeOptions={{ exact: true, includeSearch: false }}>{m.agreements.list}</Link>
      <Link to="/agreements/statistics" className={pageTabs.tab} activeProps={{ className: pageTabs.on, 'aria-current': 'page' }} activeOptions={{ includeSearch: false }}>{m.agreements.statistics}</Link>
    </nav>
  )
}

export function StateChip({ a }: { a: Agreement }) {
  const m = useM()
  const pending = a.state === 'active' && a.active_version !== a.version
  return <span className={css.state}><Chip {...(a.state === 'active' ? { tone: 'green' as const } : {})}>{m.agreements.states[a.state ?? 'draft']}</Chip>{pending && <Chip tone="amber">{m.agreements.pending(a.version ?? 1)}</Chip>}</span>
}

/** What was promised to whom, and on what it rests. */
export function AgreementsPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const navigate = useNavigate()
  const { perms } = useSession()
  const list = useQuery(agreementsQuery)
  const calendars = useQuery(calendarsQuery)
  const customers = useNames('/organisations', list.data?.map((a) => a.customer) ?? [])
  const q = (filters.q ?? '').toLowerCase()
  const rows = list.data?.filter((a) => (!filters.kind || a.kind === filters.kind) && (!filters.state || a.state === filters.state) && (!q || `${a.code} ${a.label.zh} ${a.label.en} ${customers[a.customer ?? ''] ?? ''} ${a.supplier ?? ''}`.toLowerCase().includes(q)))
  const put = (patch: Record<string, string>) => onFilters(Object.fromEntries(Object.entries({ ...filters, ...patch }).filter(([, v]) => v)))
  const filtered = Object.keys(filters).length > 0
  const add = perms.includes('sla.manage') && <ButtonLink to="/agreements/$id" params={{ id: 'new' }} icon={<Plus size={15} strokeWidth={1.75} />}>{m.agreements.add}</ButtonLink>
  const range = (a: Agreement, name: string) => {
    const all = a.targets.filter((t) => t.name === name).map((t) => t.seconds * 1000)
    if (all.length === 0) return null
    const low = Math.min(...all), high = Math.max(...all)
    return `${a.targets.find((t) => t.name === name)?.label ? pick(a.targets.find((t) => t.name === name)?.label) : (m.agreements.known[name] ?? name)} ${low === high ? hours(low) : `${hours(low)} – ${hours(high)}`}`
  }
  const names = (a: Agreement) => (a.kind === 'sla' ? ['response', 'resolution'] : [...new Set(a.targets.map((t) => t.name))])
  return (
    <PageFrame title={m.agreements.title} sub={m.agreements.hint} tools={add} bar={<><AreaTabs />
        <div className={css.bar}>
          <Input type="search" className={css.search} aria-label={m.app.search} placeholder={m.app.search} value={filters.q ?? ''} onChange={(e) => put({ q: e.target.value })} />
          <ViewTabs small label={m.agreements.kind} value={filters.kind ?? ''} onChange={(kind) => put({ kind })} items={[{ id: '', label: m.app.all }, ...Object.entries(m.agreements.kinds).map(([id, label]) => ({ id, label }))]} />
          <select className={css.select} aria-label={m.agreements.state} value={filters.state ?? ''} onChange={(e) => put({ state: e.target.value })}>
            <option value="">{m.agreements.allStates}</option>
            {Object.entries(m.agreements.states).map(([v, l]) => <option key={v} value={v}>{l}</option>)}
          </select>
        </div>
      </>}>
      <DataTable
        label={m.agreements.title}
        rows={rows}
        error={list.isError ? list.error : undefined}
        onRetry={() => void list.refetch()}
        rowKey={(a) => a.id ?? a.code}
        off={(a) => a.state === 'retired'}
        onOpen={(a) => void navigate({ to: '/agreements/$id', params: { id: a.id ?? '' } })}
        empty={filtered ? m.agreements.emptyFiltered : m.agreements.empty}
        emptyAction={filtered ? <Button onClick={() => onFilters({})}>{m.list.clear}</Button> : add}
        columns={[
          { name: 'name', label: m.agreements.list, cell: (a) => <Link to="/agreements/$id" params={{ id: a.id ?? '' }} className={css.name}>{pick(a.label)}</Link> },
          { name: 'code', label: m.agreements.code, width: 130, cell: (a) => <span className="no sub">{a.code}</span> },
          { name: 'kind', label: m.agreements.kind, width: 120, cell: (a) => m.agreements.kinds[a.kind] },
          { name: 'who', label: m.agreements.customer, width: 160, cell: (a) => (a.kind === 'uc' ? a.supplier : a.customer ? (customers[a.customer] ?? '') : <span className="muted">{m.agreements.everyCustomer}</span>) },
          { name: 'targets', label: m.agreements.targets, width: 330, cell: (a) => <span className="num">{names(a).map((n) => range(a, n)).filter(Boolean).join(' · ')}</span> },
          { name: 'calendar', label: m.agreements.calendar, width: 100, cell: (a) => pick(calendars.data?.find((c) => c.code === a.calendar)?.label) || a.calendar },
          { name: 'state', label: m.agreements.state, width: 150, cell: (a) => <StateChip a={a} /> },
        ]}
      />
    </PageFrame>
  )
}
