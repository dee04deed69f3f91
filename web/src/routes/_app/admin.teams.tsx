import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { TeamsPage, teamFilters } from '@/features/admin/TeamsPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/admin/teams')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, teamFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <TeamsPage filters={filters} onFilters={(search) => void navigate({ to: '/admin/teams', search, replace: true })} />
  },
})
