import { createFileRoute, redirect, useRouter } from '@tanstack/react-router'
import { sessionQuery } from '@/api/session'
import { SignIn } from '@/features/session/SignIn'

interface Search {
  back?: string
  expired?: string
}

// Only paths of this app: never another site.
const safe = (path: string | undefined) => (path && /^\/(?![/\\])/.test(path) ? path : '/')

export const Route = createFileRoute('/sign-in')({
  validateSearch: (s: Record<string, unknown>): Search => ({
    ...(typeof s.back === 'string' ? { back: s.back } : {}),
    ...(s.expired ? { expired: 'true' } : {}),
  }),
  beforeLoad: async ({ context, search }) => {
    const { session, setup } = await context.queryClient.ensureQueryData(sessionQuery)
    if (setup) throw redirect({ to: '/setup' })
    if (session) throw redirect({ href: safe(search.back) })
  },
  component: function Page() {
    const { back, expired } = Route.useSearch()
    const router = useRouter()
    return <SignIn expired={!!expired} onDone={() => void router.navigate({ href: safe(back) })} />
  },
})
