import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { StatisticsPage, statisticsFilters } from '@/features/alert/StatisticsPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/alerts/statistics')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, statisticsFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <StatisticsPage filters={filters} onFilters={(search) => void navigate({ to: '/alerts/statistics', search, replace: true })} />
  },
})
