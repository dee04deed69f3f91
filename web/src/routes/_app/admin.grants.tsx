import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { GrantsPage, grantFilters } from '@/features/admin/GrantsPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/admin/grants')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, grantFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <GrantsPage filters={filters} onFilters={(search) => void navigate({ to: '/admin/grants', search, replace: true })} />
  },
})
