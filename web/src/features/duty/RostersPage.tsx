import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { rostersQuery } from '@/api/duty'
import { useSession } from '@/api/session'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { useCommands } from '@/shared/lib/palette'
import { moment } from '@/shared/lib/time'
import { ButtonTo } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'

/** All duty rosters, with what is in force and what is being worked on. */
export function RostersPage() {
  const m = useM()
  const now = useNow()
  const navigate = useNavigate()
  const { perms } = useSession()
  const may = perms.includes('roster.manage')
  const query = useInfiniteQuery(rostersQuery)
  const rows = query.data?.pages.flatMap((p) => p.items)
  const open = (id: string) => void navigate({ to: '/duty/rosters/$id', params: { id } })
  useCommands(may ? [{ id: 'new-roster', label: m.duty.newRoster, run: () => void navigate({ to: '/duty/rosters/new' }) }] : [])
  const add = may ? <ButtonTo to="/duty/rosters/new" kind="primary" icon={<Plus size={15} strokeWidth={1.75} />}>{m.duty.newRoster}</ButtonTo> : undefined
  return (
    <PageFrame title={m.duty.rosters} sub={m.duty.rostersHint} tools={rows?.length ? add : undefined}>
      <DataTable
        label={m.duty.rosters}
        rows={rows}
        error={query.isError ? query.error : undefined}
        onRetry={() => void query.refetch()}
        more={query.hasNextPage ? { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() } : null}
        rowKey={(r) => r.id}
        off={(r) => r.status === 'retired'}
        onOpen={(r) => open(r.id)}
        empty={may ? m.duty.rostersEmpty : m.duty.rostersNone}
        emptyAction={add}
        columns={[
          { name: 'name', label: m.duty.roster, cell: (r) => <RowName onOpen={() => open(r.id)}>{r.name}</RowName> },
          { name: 'team', label: m.duty.team, cell: (r) => r.team.name },
          { name: 'people', label: m.duty.who, cell: (r) => <span>{r.people.slice(0, 6).map((p) => p.name).join(m.app.listSep)}{r.people.length > 6 && ` … ${m.duty.peopleN(r.people.length)}`}</span> },
          { name: 'time', label: m.duty.valid, cell: (r) => <span className="num sub">{r.body.valid_from ? m.duty.rangeName(r.body.valid_from, r.body.valid_to ?? '') : m.duty.always}</span> },
          { name: 'state', label: m.duty.state, cell: (r) => (r.status === 'retired' ? <Chip>{m.duty.retired}</Chip> : r.published === 0 ? <Chip tone="amber">{m.duty.neverPublished}</Chip> : r.changed ? <Chip tone="amber">{m.duty.draftOf(r.published + 1)}</Chip> : <Chip tone="green">{m.duty.publishedN(r.published)}</Chip>) },
          { name: 'at', label: m.duty.publishedAt, cell: (r) => <span className="muted num">{r.published_at ? moment(r.published_at, now) : ''}</span>, end: true },
        ]}
      />
    </PageFrame>
  )
}
