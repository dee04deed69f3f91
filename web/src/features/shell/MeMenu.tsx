import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Keyboard, LogOut, Settings } from 'lucide-react'
import { api } from '@/api/client'
import { sessionQuery, useChangeMe, useSession, type Session } from '@/api/session'
import { say } from '@/api/problem'
import { useM } from '@/shared/lib/i18n'
import { Menu } from '@/shared/ui/Menu'
import { Avatar } from '@/shared/ui/Person'
import { toast } from '@/shared/ui/Toast'
import css from './MeMenu.module.css'

/** Changes language or look of the account, and says when that failed. */
export function useLook() {
  const m = useM()
  const change = useChangeMe()
  return (patch: { language: Session['language'] } | { theme: Session['theme'] }) =>
    void change(patch).catch((e: unknown) => toast(say(e, m.error.network), undefined, true))
}

/** Signs out here and in all tabs. */
export function useSignOut() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return async () => {
    await api.delete('/session').catch(() => undefined)
    client.clear()
    client.setQueryData(sessionQuery.queryKey, { session: null, setup: false })
    await navigate({ to: '/sign-in' })
  }
}

const iconProps = { size: 15, strokeWidth: 1.75 } as const

/** Who I am, at the foot of the navigation. */
export function MeMenu({ onHelp }: { onHelp: () => void }) {
  const m = useM()
  const session = useSession()
  const { name } = session.person
  const navigate = useNavigate()
  const look = useLook()
  const signOut = useSignOut()
  const theme = (id: Session['theme'], label: string) => ({ id, label, checked: session.theme === id, run: () => look({ theme: id }) })
  const lang = (id: Session['language'], label: string) => ({ id, label, checked: session.language === id, run: () => look({ language: id }) })
  return (
    <Menu
      label={m.shell.me}
      groups={[
        { items: [
          { id: 'settings', label: m.shell.settings, icon: <Settings {...iconProps} />, run: () => void navigate({ to: '/settings' }) },
          { id: 'keys', label: m.shell.keys, icon: <Keyboard {...iconProps} />, key: '?', run: onHelp },
        ] },
        { label: m.shell.theme, items: [theme('auto', m.shell.themeSystem), theme('light', m.shell.themeLight), theme('dark', m.shell.themeDark)] },
        { label: m.shell.language, items: [lang('zh', '中文'), lang('en', 'English')] },
        { items: [{ id: 'out', label: m.shell.signOut, icon: <LogOut {...iconProps} />, run: () => void signOut() }] },
      ]}
    >
      {(button) => (
        <button type="button" {...button} className={css.me} aria-label={`${m.shell.me}: ${name}`}>
          <Avatar name={name} size={26} />
          <span className={css.text}>
            <span className="clip">{name}</span>
            <span className={css.sub}>{session.teams[0]?.name ?? session.roles[0]?.label ?? session.account.login}</span>
          </span>
          <Settings size={15} strokeWidth={1.75} className={css.gear} aria-hidden />
        </button>
      )}
    </Menu>
  )
}
