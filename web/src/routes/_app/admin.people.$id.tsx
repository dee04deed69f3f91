import { createFileRoute } from '@tanstack/react-router'
import { PersonPage } from '@/features/admin/PersonPage'

export const Route = createFileRoute('/_app/admin/people/$id')({
  component: function Page() {
    const { id } = Route.useParams()
    return <PersonPage id={id} key={id} />
  },
})
