import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, Download } from 'lucide-react'
import { agreementsQuery, tallyQuery, type Tally } from '@/api/sla'
import { now as clockNow } from '@/shared/lib/clock'
import { pick, useM } from '@/shared/lib/i18n'
import { hours } from '@/shared/lib/time'
import { Button, IconButton } from '@/shared/ui/Button'
import { DataTable } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'
import { AreaTabs } from './AgreementsPage'
import css from './agreements.module.css'
import { csvOf, fewCases, keptOf } from './model'

export const thisMonth = () => {
  const d = new Date(clockNow())
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}`
}
const shift = (month: string, by: number) => new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 1 + by, 1)).toISOString().slice(0, 7)

/** How promises were kept in a month, by agreement, customer and target. */
export function StatisticsPage({ month, onMonth }: { month: string; onMonth: (m: string) => void }) {
  const m = useM()
  const query = useQuery({ ...tallyQuery(month), placeholderData: (old) => old })
  const agreements = useQuery(agreementsQuery)
  const of = (t: Tally) => agreements.data?.find((a) => a.id === t.agreement_id)
  const label = (t: Tally) => pick(of(t)?.targets.find((x) => x.name === t.target)?.label) || t.label
  const name = (t: Tally) => pick(of(t)?.label) || t.agreement
  const save = () => {
    const head = [m.agreements.month, m.agreements.code, m.agreements.list, m.agreements.customer, m.agreements.clock, m.agreements.started, m.agreements.ended, m.agreements.breached, `${m.agreements.kept} %`, `${m.agreements.average} (s)`]
    const text = csvOf([head, ...(query.data ?? []).map((t) => [month, t.agreement, name(t), t.customer_name, label(t), t.started, t.ended, t.breached, t.kept_percent.toFixed(1), t.average_seconds])])
    const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
    const a = document.createElement('a')
    a.href = url
    a.download = `${m.agreements.statistics}-${month}.csv`
    a.click()
    URL.revokeObjectURL(url)
  }
  return (
    <PageFrame
      title={m.agreements.statistics}
      sub={m.agreements.statisticsHint}
      tools={
        <>
          <IconButton label={m.agreements.lastMonth} icon={<ChevronLeft size={16} strokeWidth={1.75} />} onClick={() => onMonth(shift(month, -1))} />
          <b className="num" aria-live="polite">{m.agreements.monthOf(Number(month.slice(0, 4)), Number(month.slice(5)))}</b>
          <IconButton label={m.agreements.nextMonth} icon={<ChevronRight size={16} strokeWidth={1.75} />} onClick={() => onMonth(shift(month, 1))} />
          <Button icon={<Download size={15} strokeWidth={1.75} />} disabled={!query.data?.length} onClick={save}>{m.agreements.export}</Button>
        </>
      }
      bar={<AreaTabs />}
    >
      <DataTable
        label={m.agreements.statistics}
        rows={query.data}
        error={query.isError ? query.error : undefined}
        onRetry={() => void query.refetch()}
        rowKey={(t) => `${t.agreement_id}/${t.customer}/${t.target}`}
        empty={m.agreements.noStatistics}
        emptyAction={<Button onClick={() => onMonth(shift(month, -1))}>{m.agreements.lastMonth}</Button>}
        columns={[
          { name: 'agreement', label: m.agreements.list, cell: (t) => <Link to="/agreements/$id" params={{ id: t.agreement_id }} className={css.name}>{name(t)}</Link> },
          { name: 'customer', label: m.agreements.customer, width: 150, cell: (t) => t.customer_name },
          { name: 'clock', label: m.agreements.clock, width: 110, cell: label },
          { name: 'started', label: m.agreements.started, width: 70, cell: (t) => <Count n={t.started} what={m.agreements.started} /> },
          { name: 'ended', label: m.agreements.ended, width: 70, cell: (t) => <Count n={t.ended} what={m.agreements.ended} /> },
          { name: 'breached', label: m.agreements.breached, width: 70, cell: (t) => <Count n={t.breached} what={m.agreements.breached} bad={t.breached > 0} /> },
          { name: 'kept', label: m.agreements.kept, width: 200, cell: (t) => <Kept t={t} /> },
          { name: 'average', label: m.agreements.average, width: 130, cell: (t) => <span className="num">{t.ended > 0 ? hours(t.average_seconds * 1000) : '—'}</span> },
        ]}
      />
    </PageFrame>
  )
}

const Count = ({ n, what, bad }: { n: number; what: string; bad?: boolean }) => <span className="num"><span className={css.phone}>{what} </span><span className={bad ? css.bad : undefined}>{n}</span></span>

/** A share with its bar; few cases are counted instead. */
function Kept({ t }: { t: Tally }) {
  const m = useM()
  const { kept, of } = keptOf(t)
  if (of === 0) return <span className="muted">—</span>
  if (of < fewCases) return <span className="num">{m.agreements.few(kept, of)}</span>
  return (
    <span className={css.kept}>
      <span className={css.keptBar} aria-hidden><span style={{ width: `${t.kept_percent}%` }} /></span>
      <span className="num">{t.kept_percent.toFixed(1)}%</span>
    </span>
  )
}
