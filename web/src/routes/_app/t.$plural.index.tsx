import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, notFound } from '@tanstack/react-router'
import { metaQuery } from '@/api/queries'
import { ListPage } from '@/features/records/ListPage'
import { strings } from '@/shared/lib/search'

export const Route = createFileRoute('/_app/t/$plural/')({
  validateSearch: strings,
  component: function Page() {
    const { plural } = Route.useParams()
    const search = Route.useSearch()
    const { data: meta } = useSuspenseQuery(metaQuery)
    const type = meta.types.find((t) => t.plural === plural)
    if (!type) throw notFound()
    return <ListPage type={type} search={search} key={plural} />
  },
})
