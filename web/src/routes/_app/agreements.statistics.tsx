import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { StatisticsPage, thisMonth } from '@/features/agreements/StatisticsPage'

export const Route = createFileRoute('/_app/agreements/statistics')({
  validateSearch: (s: Record<string, unknown>): { month?: string } => (/^\d{4}-\d\d$/.test(String(s.month ?? '')) ? { month: String(s.month) } : {}),
  component: function Page() {
    const { month } = Route.useSearch()
    const navigate = useNavigate()
    return <StatisticsPage month={month ?? thisMonth()} onMonth={(m) => void navigate({ to: '/agreements/statistics', search: { month: m }, replace: true })} />
  },
})
