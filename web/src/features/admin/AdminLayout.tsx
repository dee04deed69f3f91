import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useSession } from '@/api/session'
import { useM } from '@/shared/lib/i18n'
import { pageTabs } from '@/shared/ui/Page'
import css from './admin.module.css'

/** The neighbours of an administration page as tabs: only what the reader may use. */
export function AdminLayout() {
  const m = useM()
  const { perms } = useSession()
  const path = useRouterState({ select: (s) => s.location.pathname })
  const groups: { perm: string; items: [string, string][] }[] = [
    { perm: 'party.read', items: [['people', m.admin.people], ['organisations', m.admin.organisations], ['teams', m.admin.teams], ['dedicated', m.admin.dedicated]] },
    { perm: 'identity.manage', items: [['accounts', m.admin.accounts], ['roles', m.admin.roles], ['grants', m.admin.grants], ['policy', m.admin.policy]] },
    { perm: 'notify.manage', items: [['channels', m.notify.channels], ['templates', m.notify.templates], ['deliveries', m.notify.deliveries]] },
    { perm: 'definition.read', items: [['definitions', m.admin.definitions], ['priorities', m.admin.priorities]] },
  ]
  const here = path.split('/')[2] ?? ''
  const group = groups.find((g) => g.items.some(([k]) => k === here))
  return (
    <div className={css.layout}>
      {group && perms.includes(group.perm) && (
        <nav className={pageTabs.nav} aria-label={m.admin.nav}>
          {group.items.map(([k, label]) => (
            <Link key={k} to={`/admin/${k}` as '/'} className={pageTabs.tab} activeProps={{ className: pageTabs.on, 'aria-current': 'page' }} activeOptions={{ includeSearch: false }}>{label}</Link>
          ))}
        </nav>
      )}
      <Outlet />
    </div>
  )
}
