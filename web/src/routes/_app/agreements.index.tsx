import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { agreementFilters, AgreementsPage } from '@/features/agreements/AgreementsPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/agreements/')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, agreementFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <AgreementsPage filters={filters} onFilters={(search) => void navigate({ to: '/agreements', search, replace: true })} />
  },
})
