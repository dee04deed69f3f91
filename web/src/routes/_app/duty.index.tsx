import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { DutyPage } from '@/features/duty/DutyPage'

export const Route = createFileRoute('/_app/duty/')({
  validateSearch: (s: Record<string, unknown>): { at?: string } => (typeof s.at === 'string' && !Number.isNaN(Date.parse(s.at)) ? { at: s.at } : {}),
  component: function Page() {
    const { at } = Route.useSearch()
    const navigate = useNavigate()
    return <DutyPage at={at} onAt={(next) => void navigate({ to: '/duty', search: next ? { at: next } : {}, replace: true })} />
  },
})
