import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { DeliveriesPage, deliveryFilters } from '@/features/notifications/DeliveriesPage'
import type { Filters } from '@/shared/list/filters'
import { filtersOf } from '@/shared/list/FilterRow'

export const Route = createFileRoute('/_app/admin/deliveries')({
  validateSearch: (s: Record<string, unknown>): Filters => filtersOf(s, deliveryFilters),
  component: function Page() {
    const filters = Route.useSearch()
    const navigate = useNavigate()
    return <DeliveriesPage filters={filters} onFilters={(search) => void navigate({ to: '/admin/deliveries', search, replace: true })} />
  },
})
