import { createFileRoute } from '@tanstack/react-router'
import { ReportPage } from '@/features/portal/ReportPage'

export const Route = createFileRoute('/portal/r/$number')({
  validateSearch: (s: Record<string, unknown>): { do?: string } => (typeof s.do === 'string' ? { do: s.do } : {}),
  component: function Page() {
    const { number } = Route.useParams()
    const { do: intent } = Route.useSearch()
    return <ReportPage number={number} intent={intent} key={number} />
  },
})
