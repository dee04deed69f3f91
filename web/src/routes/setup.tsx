import { createFileRoute, redirect, useNavigate } from '@tanstack/react-router'
import { sessionQuery } from '@/api/session'
import { Setup } from '@/features/session/Setup'

export const Route = createFileRoute('/setup')({
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery)
    if (!session.setup) throw redirect({ to: '/sign-in' })
    return { needsKey: !!session.setup_key }
  },
  component: function Page() {
    const { needsKey } = Route.useRouteContext()
    const navigate = useNavigate()
    return <Setup needsKey={needsKey} onDone={() => void navigate({ to: '/' })} />
  },
})
