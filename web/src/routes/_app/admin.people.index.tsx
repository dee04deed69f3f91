import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { PeoplePage, peopleFilters } from '@/features/admin/PeoplePage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/admin/people/')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, peopleFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <PeoplePage filters={filters} onFilters={(search) => void navigate({ to: '/admin/people', search, replace: true })} />
  },
})
