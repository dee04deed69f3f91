import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { OrganisationsPage, organisationFilters } from '@/features/admin/OrganisationsPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/admin/organisations/')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, organisationFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <OrganisationsPage filters={filters} onFilters={(search) => void navigate({ to: '/admin/organisations', search, replace: true })} />
  },
})
