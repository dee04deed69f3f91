import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { AccountsPage, accountFilters } from '@/features/admin/AccountsPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/admin/accounts')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, accountFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <AccountsPage filters={filters} onFilters={(search) => void navigate({ to: '/admin/accounts', search, replace: true })} />
  },
})
