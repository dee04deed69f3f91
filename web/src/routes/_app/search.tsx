import { createFileRoute } from '@tanstack/react-router'
import { SearchPage } from '@/features/search/SearchPage'

export const Route = createFileRoute('/_app/search')({
  validateSearch: (s: Record<string, unknown>): { q?: string; types?: string } => ({
    ...(typeof s.q === 'string' && s.q ? { q: s.q } : {}),
    ...(typeof s.types === 'string' && s.types ? { types: s.types } : {}),
  }),
  component: function Page() {
    const { q, types } = Route.useSearch()
    return <SearchPage q={q ?? ''} types={types ?? ''} />
  },
})
