import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { DefinitionPage, type DefinitionSearch } from '@/features/admin/definitions/DefinitionPage'

export const Route = createFileRoute('/_app/admin/definitions/$type')({
  validateSearch: (s: Record<string, unknown>): DefinitionSearch => ({
    ...(s.tab === 'yaml' || s.tab === 'versions' ? { tab: s.tab } : {}),
    ...(Number(s.version) > 0 ? { version: Number(s.version) } : {}),
  }),
  component: function Page() {
    const { type } = Route.useParams()
    const search = Route.useSearch()
    const navigate = useNavigate()
    return <DefinitionPage type={type} search={search} onSearch={(next) => void navigate({ to: '/admin/definitions/$type', params: { type }, search: next })} key={type} />
  },
})
