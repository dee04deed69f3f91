import { createFileRoute } from '@tanstack/react-router'
import { recordQuery } from '@/api/queries'
import { RecordPage } from '@/features/records/RecordPage'

export const Route = createFileRoute('/_app/r/$number')({
  loader: ({ context, params }) => context.queryClient.ensureQueryData(recordQuery(params.number)),
  component: function Page() {
    const { number } = Route.useParams()
    return <RecordPage number={number} key={number} />
  },
})
