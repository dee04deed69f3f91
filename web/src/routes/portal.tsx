import { createFileRoute, redirect } from '@tanstack/react-router'
import { metaQuery } from '@/api/queries'
import { sessionQuery } from '@/api/session'
import { PortalShell } from '@/features/portal/PortalShell'

/** Everything a customer's person sees. Staff have their own pages. */
export const Route = createFileRoute('/portal')({
  beforeLoad: async ({ context, location }) => {
    const { session, setup } = await context.queryClient.ensureQueryData(sessionQuery)
    if (setup) throw redirect({ to: '/setup' })
    if (!session) throw redirect({ to: '/sign-in', search: { back: location.href } })
    if (session.must_change_password) throw redirect({ to: '/password' })
    const meta = await context.queryClient.ensureQueryData(metaQuery)
    if (meta.home !== 'portal') throw redirect({ href: location.pathname.startsWith('/portal/r/') ? location.pathname.slice('/portal'.length) : '/' })
  },
  component: PortalShell,
})
