import { createFileRoute, redirect } from '@tanstack/react-router'
import { metaQuery } from '@/api/queries'
import { sessionQuery } from '@/api/session'
import { Shell } from '@/features/shell/Shell'

/** Everything of the staff: signed in, with what they may see. A customer's person goes to the portal. */
export const Route = createFileRoute('/_app')({
  beforeLoad: async ({ context, location }) => {
    const { session, setup } = await context.queryClient.ensureQueryData(sessionQuery)
    if (setup) throw redirect({ to: '/setup' })
    if (session?.must_change_password) throw redirect({ to: '/password' })
    if (!session) throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { back: location.href } })
    const meta = await context.queryClient.ensureQueryData(metaQuery)
    if (meta.home === 'portal') throw redirect({ href: location.pathname.startsWith('/r/') ? `/portal${location.pathname}` : '/portal' })
  },
  component: Shell,
})
