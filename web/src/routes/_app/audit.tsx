import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { AuditPage, auditFilters } from '@/features/audit/AuditPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/audit')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, auditFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <AuditPage filters={filters} onFilters={(search) => void navigate({ to: '/audit', search, replace: true })} />
  },
})
