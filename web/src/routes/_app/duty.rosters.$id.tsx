import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { RosterPage, type RosterSearch } from '@/features/duty/RosterPage'
import { strings } from '@/shared/lib/search'

export const Route = createFileRoute('/_app/duty/rosters/$id')({
  validateSearch: (s: Record<string, unknown>): RosterSearch => {
    const { view, from, show } = strings(s)
    return { ...(view ? { view } : {}), ...(from ? { from } : {}), ...(show ? { show } : {}) }
  },
  component: function Page() {
    const { id } = Route.useParams()
    const search = Route.useSearch()
    const navigate = useNavigate()
    return <RosterPage key={id} id={id} search={search} onSearch={(next) => void navigate({ to: '/duty/rosters/$id', params: { id }, search: next, replace: true })} />
  },
})
