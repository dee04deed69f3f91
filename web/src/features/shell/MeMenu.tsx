import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Keyboard, LogOut, Settings } from 'lucide-react'
import { api } from '@/api/client'
import { sessionQuery, useMe } from '@/api/session'
import { setLang, useLang, useM } from '@/shared/lib/i18n'
import { setTheme, useThemeChoice, type ThemeChoice } from '@/shared/lib/theme'
import { Menu } from '@/shared/ui/Menu'
import { Avatar } from '@/shared/ui/Person'
import type { Lang } from '@/locales/types'
import css from './MeMenu.module.css'

/** Changes the language here and on the account, then reads everything again in it. */
export function useSwitchLang() {
  const client = useQueryClient()
  return async (next: Lang) => {
    await setLang(next)
    await api.patch('/session', { lang: next === 'zh-CN' ? 'zh' : 'en' }).catch(() => undefined)
    await client.invalidateQueries()
  }
}

/** Signs out here and in all tabs. */
export function useSignOut() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return async () => {
    await api.delete('/session').catch(() => undefined)
    client.clear()
    client.setQueryData(sessionQuery.queryKey, { csrf: '', me: null })
    await navigate({ to: '/sign-in' })
  }
}

const iconProps = { size: 15, strokeWidth: 1.75 } as const

/** Who I am, at the foot of the navigation. */
export function MeMenu({ onHelp }: { onHelp: () => void }) {
  const m = useM()
  const me = useMe()
  const language = useLang()
  const choice = useThemeChoice()
  const navigate = useNavigate()
  const switchLang = useSwitchLang()
  const signOut = useSignOut()
  const theme = (id: ThemeChoice, label: string) => ({ id, label, checked: choice === id, run: () => setTheme(id) })
  const lang = (id: Lang, label: string) => ({ id, label, checked: language === id, run: () => void switchLang(id) })
  return (
    <Menu
      label={m.shell.me}
      groups={[
        { items: [
          { id: 'settings', label: m.shell.settings, icon: <Settings {...iconProps} />, run: () => void navigate({ to: '/settings' }) },
          { id: 'keys', label: m.shell.keys, icon: <Keyboard {...iconProps} />, key: '?', run: onHelp },
        ] },
        { label: m.shell.theme, items: [theme('system', m.shell.themeSystem), theme('light', m.shell.themeLight), theme('dark', m.shell.themeDark)] },
        { label: m.shell.language, items: [lang('zh-CN', '中文'), lang('en-US', 'English')] },
        { items: [{ id: 'out', label: m.shell.signOut, icon: <LogOut {...iconProps} />, run: () => void signOut() }] },
      ]}
    >
      {(button) => (
        <button type="button" {...button} className={css.me} aria-label={`${m.shell.me}: ${me.name}`}>
          <Avatar name={me.name} onDuty={me.on_duty} size={26} />
          <span className={css.text}>
            <span className="clip">{me.name}</span>
            <span className={css.sub}>{me.team ?? me.title ?? me.login}</span>
          </span>
          <Settings size={15} strokeWidth={1.75} className={css.gear} aria-hidden />
        </button>
      )}
    </Menu>
  )
}
