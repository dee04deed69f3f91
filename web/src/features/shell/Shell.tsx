import { useQuery, useSuspenseQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { Bell, Inbox, MoreHorizontal, Search } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { startLive } from '@/api/live'
import { countsQuery, metaQuery } from '@/api/queries'
import { sessionQuery } from '@/api/session'
import type { Counts } from '@/api/types'
import { useM } from '@/shared/lib/i18n'
import { useKeys, type KeyBinding } from '@/shared/lib/keys'
import { cx } from '@/shared/lib/cx'
import { openPalette, usePaletteMode } from '@/shared/lib/palette'
import { Icon } from '@/shared/ui/icons'
import { Kbd } from '@/shared/ui/Kbd'
import { SyncBadge } from '@/shared/ui/SyncBadge'
import { MeMenu } from './MeMenu'
import css from './Shell.module.css'

const loadPalette = () => import('./Palette')
const Palette = lazy(loadPalette)
const KeyHelp = lazy(() => import('./KeyHelp'))

const goKeys: Record<string, string> = { incident: 'i', request: 'q', service_request: 'q', problem: 'p', change: 'c', visit: 'v', roster: 'r', rosters: 'r', duty: 'o', alert: 'a', call: 'd' }

/** Navigation on the canvas, one white panel on it. */
export function Shell() {
  const m = useM()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const palette = usePaletteMode()
  const [help, setHelp] = useState(false)
  const [drawer, setDrawer] = useState(false)
  const path = useRouterState({ select: (s) => s.location.pathname })

  const signedIn = useQuery(sessionQuery).data
  useEffect(() => startLive(client), [client])
  // Signed out in another tab, or by the server.
  useEffect(() => {
    if (signedIn && !signedIn.session) void navigate({ to: '/sign-in' })
  }, [signedIn, navigate])
  useEffect(() => {
    const idle = window.requestIdleCallback ?? ((f: () => void) => setTimeout(f, 800))
    idle(() => void loadPalette())
  }, [])
  useEffect(() => setDrawer(false), [path])

  const items = meta.nav.flatMap((g) => g.items)
  const desk = items.find((x) => x.key === 'desk')
  const everywhere = m.keys.everywhere
  useKeys([
    { keys: 'mod+k', label: m.keys.palette, group: everywhere, typing: true, run: () => openPalette() },
    { keys: '?', label: m.keys.help, group: everywhere, run: () => setHelp(true) },
    { keys: 'c', label: m.keys.create, group: everywhere, run: () => openPalette('create') },
    { keys: 'g w', label: m.keys.goWork, group: everywhere, run: () => void navigate({ to: '/' }) },
    ...(desk ? [{ keys: 't', label: m.keys.desk, group: everywhere, run: () => void navigate({ to: desk.to }) }] : []),
    ...items.flatMap((x): KeyBinding[] => {
      const k = goKeys[x.key]
      return k ? [{ keys: `g ${k}`, label: m.keys.goType(x.label), group: everywhere, run: () => void navigate({ to: x.to }) }] : []
    }),
  ])

  return (
    <div className={css.app}>
      <a className={css.skip} href="#panel">{m.app.skip}</a>
      <aside className={cx(css.side, drawer && css.open)} aria-label={m.shell.nav}>
        <div className={css.brand}>
          <span className={css.mark} aria-hidden>{m.app.mark}</span>
          <b>{m.app.name}</b>
        </div>
        <button type="button" className={css.search} onClick={() => openPalette()}>
          <Search size={15} strokeWidth={1.75} aria-hidden />
          <span className="grow clip">{m.shell.search}</span>
          <Kbd k="mod+k" />
        </button>
        <Nav />
        <div className={css.foot}>
          <SyncBadge />
          <MeMenu onHelp={() => setHelp(true)} />
        </div>
      </aside>
      {drawer && <div className={css.scrim} onClick={() => setDrawer(false)} aria-hidden />}
      <main className={css.panel} id="panel" tabIndex={-1}>
        <Outlet />
      </main>
      {!/^\/(r|new)\//.test(path) && <PhoneTabs open={drawer} onMore={() => setDrawer(!drawer)} />}
      {palette !== 'closed' && <Suspense><Palette /></Suspense>}
      {help && <Suspense><KeyHelp onClose={() => setHelp(false)} /></Suspense>}
    </div>
  )
}

const useCounts = () => useQuery(countsQuery).data

/** The number at a place of the counts: `work`, `types.incident`. */
function countOf(counts: Counts | undefined, place: string | undefined): number | undefined {
  if (!counts || !place) return undefined
  if (place.startsWith('types.')) return counts.types[place.slice(6)]
  return place === 'work' ? counts.work : place === 'notifications' ? counts.notifications : undefined
}

function Nav() {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const counts = useCounts()
  return (
    <nav className={css.nav} aria-label={m.shell.nav}>
      {meta.nav.map((g) => {
        return (
          <div key={g.group}>
            {g.label && <div className={css.group} id={`nav-${g.group}`}>{g.label}</div>}
            <ul aria-labelledby={g.label ? `nav-${g.group}` : undefined}>
              {g.items.map((x) => (
                <NavLink key={x.key} to={x.to} icon={<Icon name={x.icon || x.key} />} label={x.label} count={countOf(counts, x.count)} due={x.count === 'work' ? counts?.work_due : undefined} exact={x.to === '/' || meta.nav.some((o) => o.items.some((y) => y.to.startsWith(`${x.to}/`)))} />
              ))}
            </ul>
          </div>
        )
      })}
    </nav>
  )
}

function NavLink({ to, icon, label, count, due, exact }: { to: string; icon: React.ReactNode; label: string; count?: number | null | undefined; due?: number | undefined; exact?: boolean }) {
  const m = useM()
  return (
    <li>
      <Link to={to} className={css.item} activeProps={{ className: css.active, 'aria-current': 'page' }} activeOptions={{ exact: !!exact, includeSearch: false }}>
        {icon}
        <span className="grow clip">{label}</span>
        {!!count && (
          <span className={cx(css.count, 'num', !!due && css.due)} title={due ? m.shell.due(due) : undefined}>
            {count}
          </span>
        )}
      </Link>
    </li>
  )
}

/** On a phone: four tabs at the thumb. */
function PhoneTabs({ open, onMore }: { open: boolean; onMore: () => void }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const counts = useCounts()
  const first = meta.nav.flatMap((g) => g.items).find((x) => x.to.startsWith('/t/'))
  return (
    <nav className={css.tabs} aria-label={m.shell.nav}>
      <Link to="/" className={css.tab} activeProps={{ className: css.tabOn, 'aria-current': 'page' }} activeOptions={{ exact: true }}>
        <span className={css.tabIcon}><Inbox size={22} strokeWidth={1.75} aria-hidden />{!!counts?.work && <span className={css.badge} data-due={counts.work_due ? '' : undefined}>{counts.work}</span>}</span>
        {m.shell.work}
      </Link>
      {first && (
        <Link to={first.to} className={css.tab} activeProps={{ className: css.tabOn, 'aria-current': 'page' }} activeOptions={{ includeSearch: false }}>
          <Icon name={first.icon ?? first.key} size={22} />
          {first.label}
        </Link>
      )}
      <Link to="/notifications" className={css.tab} activeProps={{ className: css.tabOn, 'aria-current': 'page' }}>
        <span className={css.tabIcon}><Bell size={22} strokeWidth={1.75} aria-hidden />{!!counts?.notifications && <span className={css.badge}>{counts.notifications}</span>}</span>
        {m.shell.notifications}
      </Link>
      <button type="button" className={cx(css.tab, open && css.tabOn)} aria-expanded={open} onClick={onMore}>
        <MoreHorizontal size={22} strokeWidth={1.75} aria-hidden />
        {m.shell.more}
      </button>
    </nav>
  )
}
