import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSession } from '@/api/session'
import { useM } from '@/shared/lib/i18n'
import { pageTabs } from '@/shared/ui/Page'
import css from './alert.module.css'

/** The pages around alerts as tabs; what decides about alerts is for those who may. */
export function AlertLayout({ children }: { children: ReactNode }) {
  const m = useM()
  const { perms } = useSession()
  const manage = perms.includes('alert.manage')
  const tabs: [string, string, boolean][] = [
    ['/alerts', m.alert.inbox, true],
    ['/alerts/statistics', m.alert.statistics, true],
    ['/alerts/rules', m.alert.rules, manage],
    ['/alerts/windows', m.alert.windows, manage],
    ['/alerts/sources', m.alert.sources, manage],
    ['/alerts/objects', m.alert.objects, manage],
  ]
  return (
    <div className={css.layout}>
      <nav className={pageTabs.nav} aria-label={m.alert.title}>
        {tabs.filter(([, , may]) => may).map(([to, label]) => (
          <Link key={to} to={to as '/'} className={pageTabs.tab} activeProps={{ className: pageTabs.on, 'aria-current': 'page' }} activeOptions={{ exact: to === '/alerts', includeSearch: false }}>{label}</Link>
        ))}
      </nav>
      {children}
    </div>
  )
}
