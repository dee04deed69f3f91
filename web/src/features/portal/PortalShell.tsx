import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { Home, List, LogOut, Settings, UserRound } from 'lucide-react'
import { useEffect } from 'react'
import { api } from '@/api/client'
import { startLive } from '@/api/live'
import { useSession } from '@/api/session'
import { useM } from '@/shared/lib/i18n'
import { Menu } from '@/shared/ui/Menu'
import { Avatar } from '@/shared/ui/Person'
import css from './portal.module.css'

/** Around every page a customer sees: calm, roomy, their own organisation on top. */
export function PortalShell() {
  const m = useM()
  const session = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  useEffect(() => startLive(client), [client])
  const org = session.organisation.name
  const signOut = async () => {
    await api.delete('/session').catch(() => undefined)
    window.location.assign('/sign-in')
  }
  const active = { className: css.navOn, 'aria-current': 'page' as const }
  return (
    <div className={css.portal}>
      <a className={css.skip} href="#content">{m.app.skip}</a>
      <header className={css.top}>
        <div className={css.topInner}>
          <Link to="/portal" className={css.brand}>
            <span className={css.mark} aria-hidden>{markOf(org)}</span>
            <b>{org}<span className={css.wide}> · {m.portal.name}</span></b>
          </Link>
          <nav className={css.nav} aria-label={m.portal.nav}>
            <Link to="/portal" activeOptions={{ exact: true }} activeProps={active}>{m.portal.home}</Link>
            <Link to="/portal/reports" activeOptions={{ includeSearch: false }} activeProps={active}>{m.portal.mine}</Link>
          </nav>
          <Menu
            label={m.shell.me}
            align="end"
            groups={[{ items: [
              { id: 'me', label: m.portal.settings, icon: <Settings size={15} strokeWidth={1.75} />, run: () => void navigate({ to: '/portal/me' }) },
              { id: 'out', label: m.portal.signOut, icon: <LogOut size={15} strokeWidth={1.75} />, run: () => void signOut() },
            ] }]}
          >
            {(b) => <button type="button" {...b} className={css.avatar} aria-label={`${m.shell.me}: ${session.person.name}`}><Avatar name={session.person.name} size={30} /></button>}
          </Menu>
        </div>
      </header>
      <main id="content" className={css.content} tabIndex={-1}>
        <Outlet />
      </main>
      <nav className={css.tabs} aria-label={m.portal.nav}>
        <Link to="/portal" activeOptions={{ exact: true }} activeProps={{ className: css.tabOn, 'aria-current': 'page' }}><Home size={22} strokeWidth={1.75} aria-hidden />{m.portal.home}</Link>
        <Link to="/portal/reports" activeOptions={{ includeSearch: false }} activeProps={{ className: css.tabOn, 'aria-current': 'page' }}><List size={22} strokeWidth={1.75} aria-hidden />{m.portal.mine}</Link>
        <Link to="/portal/me" activeProps={{ className: css.tabOn, 'aria-current': 'page' }}><UserRound size={22} strokeWidth={1.75} aria-hidden />{m.portal.me}</Link>
      </nav>
    </div>
  )
}

/** 医 for a hospital, 校 for a school, else the first character of the name. */
function markOf(name: string): string {
  for (const [word, mark] of [['医院', '医'], ['学校', '校'], ['大学', '学'], ['银行', '银'], ['超市', '超'], ['政府', '政']] as const) if (name.includes(word)) return mark
  return [...name][0] ?? ''
}
