import { createFileRoute } from '@tanstack/react-router'
import { AgreementPage } from '@/features/agreements/AgreementPage'

export const Route = createFileRoute('/_app/agreements/$id')({
  component: function Page() {
    const { id } = Route.useParams()
    return <AgreementPage id={id} key={id} />
  },
})
