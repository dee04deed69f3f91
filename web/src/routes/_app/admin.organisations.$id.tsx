import { createFileRoute } from '@tanstack/react-router'
import { OrganisationPage } from '@/features/admin/OrganisationsPage'

export const Route = createFileRoute('/_app/admin/organisations/$id')({
  component: function Page() {
    const { id } = Route.useParams()
    return <OrganisationPage id={id} key={id} />
  },
})
