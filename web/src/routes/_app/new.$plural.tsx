import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, notFound } from '@tanstack/react-router'
import { metaQuery } from '@/api/queries'
import { CreatePage } from '@/features/records/CreatePage'
import { strings } from '@/shared/lib/search'

export const Route = createFileRoute('/_app/new/$plural')({
  validateSearch: strings,
  component: function Page() {
    const { plural } = Route.useParams()
    const preset = Route.useSearch()
    const { data: meta } = useSuspenseQuery(metaQuery)
    const type = meta.types.find((t) => t.plural === plural)
    if (!type) throw notFound()
    return <CreatePage type={type} preset={preset} key={plural} />
  },
})
