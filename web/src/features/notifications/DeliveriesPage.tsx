import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { channelsQuery, deliveriesQuery, type Delivery } from '@/api/notify'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { FieldMeta } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import type { Filters } from '@/shared/list/filters'
import { FilterRow } from '@/shared/list/FilterRow'
import { Button } from '@/shared/ui/Button'
import { DataTable } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'
import { StateTag, type StateKind } from '@/shared/ui/StateTag'
import { toast } from '@/shared/ui/Toast'

export const deliveryFilters = ['state', 'channel', 'person', 'level', 'number']
const kinds: Record<Delivery['state'], StateKind> = { pending: 'new', held: 'waiting', sent: 'active', delivered: 'done', read: 'done', acknowledged: 'done', failed: 'cancelled', given_up: 'cancelled' }

/** What went out and what did not, and why. */
export function DeliveriesPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const now = useNow()
  const client = useQueryClient()
  const query = useInfiniteQuery({ ...deliveriesQuery(filters), placeholderData: (old) => old })
  const channels = useQuery(channelsQuery).data ?? []
  const retry = async (d: Delivery) => {
    try {
      await api.post(`/deliveries/${d.id}/retry`, {})
      toast(m.notify.retrying)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
    await client.invalidateQueries({ queryKey: ['notify', 'deliveries'] })
  }
  const options = (labels: Record<string, string>) => Object.entries(labels).map(([value, label]) => ({ value, label }))
  const fields: FieldMeta[] = [
    { name: 'state', type: 'enum', label: m.alert.state, options: [{ value: 'failed,given_up', label: m.notify.notDelivered }, ...options(m.notify.states)] },
    { name: 'channel', type: 'enum', label: m.notify.channel, options: channels.map((c) => ({ value: c.id, label: c.name })) },
    { name: 'level', type: 'enum', label: m.notify.level, options: options(m.notify.levels) },
    { name: 'person', type: 'ref', to: 'person', label: m.notify.person },
  ]
  const filtered = Object.keys(filters).length > 0
  return (
    <PageFrame title={m.notify.deliveries} sub={m.notify.deliveriesHint} bar={<FilterRow fields={fields} filters={filters} onChange={onFilters} />}>
      <DataTable
        label={m.notify.deliveries}
        rows={query.data?.pages.flatMap((p) => p.items)}
        error={query.isError ? query.error : undefined}
        onRetry={() => void query.refetch()}
        more={query.hasNextPage ? { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() } : null}
        rowKey={(d) => d.id}
        empty={filtered ? m.notify.deliveriesFiltered : m.notify.deliveriesEmpty}
        emptyAction={filtered ? <Button onClick={() => onFilters({})}>{m.list.clear}</Button> : undefined}
        columns={[
          { name: 'at', label: m.notify.made, width: 130, cell: (d) => <span className="num">{moment(d.created_at, now)}</span> },
          { name: 'person', label: m.notify.person, width: 110, cell: (d) => d.person.name },
          { name: 'channel', label: m.notify.channel, cell: (d) => d.channel.name },
          { name: 'level', label: m.notify.level, width: 80, cell: (d) => m.notify.levels[d.level] ?? d.level },
          { name: 'number', label: m.alert.record, width: 150, cell: (d) => (d.number ? <Link to="/r/$number" params={{ number: d.number }} className="no">{d.number}</Link> : '') },
          { name: 'state', label: m.alert.state, width: 130, cell: (d) => <StateTag kind={kinds[d.state]} label={d.state_label} waitingOn={d.state === 'held' ? 'internal' : null} /> },
          { name: 'why', label: m.alert.why, cell: (d) => <span className="sub">{[d.reason, d.answer, d.attempts > 1 && m.notify.attempts(d.attempts), d.next_at && m.notify.nextAt(moment(d.next_at, now))].filter(Boolean).join(' · ')}</span> },
          { name: 'do', label: m.notify.again, hideLabel: true, end: true, cell: (d) => ((d.state === 'failed' || d.state === 'given_up') && <Button size="small" onClick={() => void retry(d)}>{m.notify.again}</Button>) },
        ]}
      />
    </PageFrame>
  )
}
