import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Repeat2 } from 'lucide-react'
import { useState } from 'react'
import { alertsQuery, metricsQuery, sourcesQuery, type Alert } from '@/api/alerts'
import { useSession } from '@/api/session'
import type { FieldMeta } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useLang, useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { by, moment } from '@/shared/lib/time'
import type { Filters } from '@/shared/list/filters'
import { FilterRow } from '@/shared/list/FilterRow'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'
import { ViewTabs } from '@/shared/ui/Tabs'
import { AlertDrawer } from './AlertDrawer'
import css from './alert.module.css'
import { AlertLayout } from './AlertTabs'
import { AlertStateTag, reading, SeverityMark, useAlertSteps } from './parts'

export const alertFilters = ['view', 'q', 'state', 'severity', 'source', 'customer', 'metric', 'from', 'to', 'record', 'object', 'id']

/** The usual views: what each adds to the question. */
const views: Record<string, Filters> = {
  open: { open: 'true' },
  unacknowledged: { open: 'true', state: 'new', held: 'false' },
  mine: { open: 'true', handler: 'me' },
  overdue: { open: 'true', overdue: 'true' },
  held: { held: 'true' },
  unlinked: { open: 'true', unlinked: 'true' },
  all: {},
}

const dayStart = (d: string | undefined, plus = 0) => {
  if (!d) return undefined
  const t = new Date(`${d}T00:00:00`)
  if (Number.isNaN(t.getTime())) return undefined
  t.setDate(t.getDate() + plus)
  return t.toISOString()
}

/** What monitoring systems report, the newest first, and what becomes of it. */
export function AlertsPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const now = useNow()
  const lang = useLang()
  const { perms } = useSession()
  const may = perms.includes('alert.handle')
  const manage = perms.includes('alert.manage')
  const { view: viewName = 'open', id, ...rest } = filters
  const view = views[viewName] ? viewName : 'open'
  const { from, to, ...asked } = rest
  const query = useInfiniteQuery({ ...alertsQuery({ ...views[view], ...asked, from: dayStart(from), to: dayStart(to, 1) }), placeholderData: (old) => old })
  const rows = query.data?.pages.flatMap((p) => p.items)
  const metrics = useQuery(metricsQuery).data ?? []
  const sources = useQuery({ ...sourcesQuery, enabled: manage }).data ?? []
  const { run, busy } = useAlertSteps()
  const [cursor, setCursor] = useState(0)
  const keep = (next: Filters) => onFilters({ ...(view === 'open' ? {} : { view }), ...next })
  const open = (alert: string | undefined) => keep({ ...rest, ...(alert ? { id: alert } : {}) })
  const at = Math.max(0, Math.min(cursor, (rows?.length ?? 0) - 1))
  const current = rows?.[at]
  const group = m.keys.list
  useKeys([
    { keys: 'j', label: m.keys.nextRow, group, run: () => setCursor(Math.min(at + 1, (rows?.length ?? 1) - 1)) },
    { keys: 'k', label: m.keys.prevRow, group, run: () => setCursor(Math.max(at - 1, 0)) },
    { keys: 'enter', label: m.keys.open, group, run: () => current && open(current.id) },
    { keys: 'a', label: m.alert.acknowledge, group, run: () => current && may && current.state === 'new' && void run(current, 'acknowledge') },
  ])
  const options = (labels: Record<string, string>) => Object.entries(labels).map(([value, label]) => ({ value, label }))
  const fields: FieldMeta[] = [
    { name: 'severity', type: 'enum', label: m.alert.severity, options: [...options(m.alert.severities), { value: 'critical,high', label: m.alert.severe }] },
    ...(view === 'all' ? [{ name: 'state', type: 'enum' as const, label: m.alert.state, options: [...options(m.alert.states), { value: 'new,acknowledged,handling', label: m.alert.notOver }] }] : []),
    ...(sources.length > 0 ? [{ name: 'source', type: 'tree' as const, label: m.alert.source, options: sources.map((s) => ({ value: s.id, label: s.name })) }] : []),
    { name: 'customer', type: 'ref', to: 'customer', label: m.fields.customer },
    { name: 'metric', type: 'enum', label: m.alert.metric, options: metrics.map((x) => ({ value: x.code, label: lang === 'zh-CN' ? x.zh : x.en })) },
    { name: 'from', type: 'date', label: m.list.from },
    { name: 'to', type: 'date', label: m.list.to },
  ]
  const filtered = Object.keys(rest).length > 0
  const value = (a: Alert) => [reading(a.value, a.unit), a.threshold !== null && m.alert.limit(reading(a.threshold, a.unit))].filter(Boolean).join(' · ')
  return (
    <AlertLayout>
      <PageFrame
        title={m.alert.title}
        sub={m.alert.hint}
        bar={
          <>
            <div className={css.views}><ViewTabs small label={m.list.views} value={view} onChange={(v) => onFilters({ ...(v === 'open' ? {} : { view: v }), ...rest })} items={Object.keys(views).map((v) => ({ id: v, label: m.alert.views[v] ?? v }))} /></div>
            <FilterRow search={m.alert.search} fields={fields} filters={rest} onChange={keep} />
          </>
        }
      >
        <DataTable
          label={m.alert.title}
          rows={rows}
          error={query.isError ? query.error : undefined}
          onRetry={() => void query.refetch()}
          more={query.hasNextPage ? { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() } : null}
          rowKey={(a) => a.id}
          onOpen={(a) => open(a.id)}
          off={(a) => !a.open}
          empty={filtered ? m.alert.emptyFiltered : view === 'open' ? m.alert.empty : m.alert.emptyView}
          emptyAction={filtered ? <Button onClick={() => keep({})}>{m.list.clear}</Button> : undefined}
          columns={[
            { name: 'severity', label: m.alert.severity, width: 84, cell: (a) => <SeverityMark severity={a.severity} label={a.severity_label} /> },
            {
              name: 'title', label: m.alert.alert, cell: (a) => (
                <div className={cx(css.what, a === current && css.current)}>
                  <RowName onOpen={() => open(a.id)}>{a.title || a.metric_label}</RowName>
                  <div className={css.sub}>
                    <span>{a.object}</span>
                    {a.metric_label && <span>{a.metric_label}</span>}
                    {value(a) && <span className="num">{value(a)}</span>}
                    {a.customer && <span>{a.customer.name}</span>}
                    {a.unlinked && <Chip tone="amber">{m.alert.unlinked}</Chip>}
                    {a.held && <Chip>{a.held === 'window' ? m.alert.inWindow : m.alert.underThreshold}</Chip>}
                    {a.flapping && <Chip tone="amber">{m.alert.flapping}</Chip>}
                  </div>
                </div>
              ),
            },
            { name: 'count', label: m.alert.repeats, width: 72, cell: (a) => (a.alert_count > 1 ? <span className={cx(css.count, 'num')} title={m.alert.times(a.alert_count)}><Repeat2 size={13} strokeWidth={1.75} aria-hidden />{a.alert_count}</span> : '') },
            { name: 'record', label: m.alert.record, width: 150, cell: (a) => (a.record ? <Link to="/r/$number" params={{ number: a.record }} className="no">{a.record}</Link> : a.problem ? <Chip tone="red">{m.alert.noRecord}</Chip> : '') },
            { name: 'handler', label: m.fields.assignee, width: 84, cell: (a) => a.handler?.name ?? '' },
            { name: 'time', label: m.alert.last, width: 130, cell: (a) => <span className="num sub">{moment(a.last_at, now)}{a.overdue ? <span className={css.over}> {m.alert.overdue}</span> : a.respond_by && a.open && a.state === 'new' ? <span className={css.soon}> {by(a.respond_by, now)}</span> : ''}</span> },
            { name: 'state', label: m.alert.state, width: 110, cell: (a) => <AlertStateTag a={a} /> },
            { name: 'do', label: m.alert.acknowledge, hideLabel: true, width: 84, end: true, cell: (a) => (may && a.state === 'new' ? <Button size="small" busy={busy === `${a.id}:acknowledge`} onClick={() => void run(a, 'acknowledge')}>{m.alert.acknowledge}</Button> : '') },
          ]}
        />
      </PageFrame>
      {id && <AlertDrawer id={id} onClose={() => open(undefined)} />}
    </AlertLayout>
  )
}
