import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { DedicatedPage, dedicatedFilters } from '@/features/admin/TeamsPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/admin/dedicated')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, dedicatedFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <DedicatedPage filters={filters} onFilters={(search) => void navigate({ to: '/admin/dedicated', search, replace: true })} />
  },
})
