import { createFileRoute } from '@tanstack/react-router'
import { NewByPlural } from '@/features/portal/NewReportPage'

export const Route = createFileRoute('/portal/new/$plural')({
  component: function Page() {
    const { plural } = Route.useParams()
    return <NewByPlural plural={plural} />
  },
})
