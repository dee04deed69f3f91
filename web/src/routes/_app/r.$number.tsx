import { createFileRoute, Link } from '@tanstack/react-router'
import { Problem } from '@/api/problem'
import { recordQuery } from '@/api/queries'
import { Crash } from '@/app'
import { RecordPage } from '@/features/records/RecordPage'
import { useM } from '@/shared/lib/i18n'
import { EmptyState } from '@/shared/ui/Empty'

export const Route = createFileRoute('/_app/r/$number')({
  loader: ({ context, params }) => context.queryClient.ensureQueryData(recordQuery(params.number)),
  errorComponent: function Failed(props) {
    const m = useM()
    if (props.error instanceof Problem && props.error.status === 404) return <EmptyState action={<Link to="/">{m.app.toWork}</Link>}>{m.record.gone}</EmptyState>
    return <Crash {...props} />
  },
  component: function Page() {
    const { number } = Route.useParams()
    return <RecordPage number={number} key={number} />
  },
})
