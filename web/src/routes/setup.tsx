import { createFileRoute, redirect, useNavigate } from '@tanstack/react-router'
import { sessionQuery } from '@/api/session'
import { Setup } from '@/features/session/Setup'

export const Route = createFileRoute('/setup')({
  beforeLoad: async ({ context }) => {
    const { setup } = await context.queryClient.ensureQueryData(sessionQuery)
    if (!setup) throw redirect({ to: '/sign-in' })
  },
  component: function Page() {
    const navigate = useNavigate()
    return <Setup onDone={() => void navigate({ to: '/' })} />
  },
})
