import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { AlertsPage, alertFilters } from '@/features/alert/AlertsPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/alerts/')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, alertFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <AlertsPage filters={filters} onFilters={(search) => void navigate({ to: '/alerts', search, replace: true })} />
  },
})
