import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { alertStatisticsQuery, type AlertBucket } from '@/api/alerts'
import type { FieldMeta } from '@/api/types'
import { useM } from '@/shared/lib/i18n'
import { duration } from '@/shared/lib/time'
import type { Filters } from '@/shared/list/filters'
import { FilterRow } from '@/shared/list/FilterRow'
import { DataTable } from '@/shared/ui/DataTable'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { PageFrame } from '@/shared/ui/Page'
import css from './alert.module.css'
import { AlertLayout } from './AlertTabs'

export const statisticsFilters = ['from', 'to', 'customer']

const start = (d: string | undefined, plus = 0) => {
  if (!d) return undefined
  const t = new Date(`${d}T00:00:00`)
  if (Number.isNaN(t.getTime())) return undefined
  t.setDate(t.getDate() + plus)
  return t.toISOString()
}

/** The head of a column, said again where there are no columns. */
const Cap = ({ children }: { children: string }) => <span className={css.cap} aria-hidden>{children}</span>

/** How late alerts come in, and how many were false. */
export function StatisticsPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const query = useQuery({ ...alertStatisticsQuery({ customer: filters.customer, from: start(filters.from), to: start(filters.to, 1) }), placeholderData: (old) => old })
  const t = query.data?.total
  const rows = query.data?.items
  const most = Math.max(1, ...(rows ?? []).map((b) => b.alerts))
  // Below twenty cases a percentage says more than is known.
  const rate = (b: AlertBucket) => (b.alerts < 20 ? m.alert.ofCases(b.false, b.alerts) : m.alert.rate(Math.round(b.false_rate * 1000) / 10, b.false, b.alerts))
  const length = (v: number) => (v > 0 ? (v < 60_000 ? m.alert.secondsN(Math.round(v / 100) / 10) : duration(v)) : '–')
  const fields: FieldMeta[] = [
    { name: 'from', type: 'date', label: m.list.from },
    { name: 'to', type: 'date', label: m.list.to },
    { name: 'customer', type: 'ref', to: 'customer', label: m.fields.customer },
  ]
  return (
    <AlertLayout>
      <PageFrame title={m.alert.statistics} sub={m.alert.statisticsHint} bar={<FilterRow fields={fields} filters={filters} onChange={onFilters} />}>
        {query.isPending ? <Skeleton rows={6} /> : query.isError ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : (
          <>
            {t && (
              <div className={css.figures}>
                <div className={css.figure}><span>{m.alert.count}</span><b>{t.alerts}</b><span className="num">{m.alert.repeatsRecords(t.repeats, t.records)}</span></div>
                <div className={css.figure}><span>{m.alert.delay}</span><b>{length(t.delay_ms)}</b><span className="num">{m.alert.longest(length(t.delay_max_ms))}</span></div>
                <div className={css.figure}><span>{m.alert.falseRate}</span><b>{t.alerts < 20 ? t.false : `${Math.round(t.false_rate * 1000) / 10} %`}</b><span className="num">{m.alert.ofCases(t.false, t.alerts)}</span></div>
                <div className={css.figure}><span>{m.alert.toAcknowledge}</span><b>{length(t.acknowledge_ms)}</b><span className="num">{m.alert.toResolve(length(t.resolve_ms))}</span></div>
              </div>
            )}
            <DataTable
              label={m.alert.statistics}
              rows={rows}
              rowKey={(b) => `${b.month}${b.source}`}
              empty={m.alert.statisticsEmpty}
              columns={[
                { name: 'month', label: m.alert.month, width: 90, cell: (b) => <span className="no">{b.month}</span> },
                { name: 'source', label: m.alert.source, cell: (b) => <Link to="/alerts" search={{ view: 'all', source: b.source }}>{b.source_name || b.source}</Link> },
                { name: 'alerts', label: m.alert.count, cell: (b) => <span className="num"><span className={css.bar} style={{ width: Math.max(2, (b.alerts / most) * 120) }} aria-hidden />{b.alerts}</span> },
                { name: 'repeats', label: m.alert.repeats, cell: (b) => <span className="num"><Cap>{m.alert.repeats}</Cap>{b.repeats}</span> },
                { name: 'records', label: m.alert.records, cell: (b) => <span className="num"><Cap>{m.alert.records}</Cap>{b.records}</span> },
                { name: 'false', label: m.alert.falseRate, cell: (b) => <span className="num"><Cap>{m.alert.falseRate}</Cap>{rate(b)}</span> },
                { name: 'delay', label: m.alert.delay, cell: (b) => <span className="num"><Cap>{m.alert.delay}</Cap>{length(b.delay_ms)} <span className="muted">{m.alert.longest(length(b.delay_max_ms))}</span></span> },
                { name: 'ack', label: m.alert.toAcknowledge, cell: (b) => <span className="num"><Cap>{m.alert.toAcknowledge}</Cap>{length(b.acknowledge_ms)}</span> },
                { name: 'overdue', label: m.alert.overdue, cell: (b) => (b.overdue ? <span className="num"><Cap>{m.alert.overdue}</Cap>{b.overdue}</span> : '') },
                { name: 'unlinked', label: m.alert.unlinked, cell: (b) => (b.unlinked ? <span className="num"><Cap>{m.alert.unlinked}</Cap>{b.unlinked}</span> : ''), end: true },
              ]}
            />
          </>
        )}
      </PageFrame>
    </AlertLayout>
  )
}
