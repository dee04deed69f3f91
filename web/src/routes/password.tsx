import { createFileRoute, redirect, useNavigate } from '@tanstack/react-router'
import { sessionQuery } from '@/api/session'
import { MustChange } from '@/features/session/MustChange'

export const Route = createFileRoute('/password')({
  beforeLoad: async ({ context }) => {
    const { session } = await context.queryClient.ensureQueryData(sessionQuery)
    if (!session) throw redirect({ to: '/sign-in' })
  },
  component: function Page() {
    const navigate = useNavigate()
    return <MustChange onDone={() => void navigate({ to: '/' })} />
  },
})
