import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { ReportsPage, type ReportsSearch } from '@/features/portal/ReportsPage'

export const Route = createFileRoute('/portal/reports')({
  validateSearch: (s: Record<string, unknown>): ReportsSearch => ({
    ...(s.of === 'org' ? { of: 'org' as const } : {}),
    ...(s.show === 'closed' || s.show === 'all' ? { show: s.show } : {}),
  }),
  component: function Page() {
    const search = Route.useSearch()
    const navigate = useNavigate()
    return <ReportsPage search={search} onSearch={(next) => void navigate({ to: '/portal/reports', search: next, replace: true })} />
  },
})
