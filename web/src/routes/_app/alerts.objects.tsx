import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { ObjectsPage, objectFilters } from '@/features/alert/WindowsPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/alerts/objects')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, objectFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <ObjectsPage filters={filters} onFilters={(search) => void navigate({ to: '/alerts/objects', search, replace: true })} />
  },
})
