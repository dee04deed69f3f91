import { useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { Page } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { toast } from '@/shared/ui/Toast'
import css from './SettingsPage.module.css'

interface Device {
  id: string
  last_used: string
  ip: string
  user_agent: string
  current: boolean
}

/** "Chrome · Windows" from what a browser says of itself. */
function nameOf(agent: string): string {
  const browser = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrome\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : agent.slice(0, 24)
  const system = /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Windows/.test(agent) ? 'Windows' : /Mac OS/.test(agent) ? 'macOS' : /Linux/.test(agent) ? 'Linux' : ''
  return [browser, system].filter(Boolean).join(' · ')
}

/** Where I am signed in. */
export function Devices() {
  const m = useM()
  const now = useNow()
  const query = useQuery({ queryKey: ['me', 'sessions'], queryFn: () => api.get<Page<Device>>('/me/sessions') })
  if (query.isPending) return <Skeleton rows={2} kind="record" />
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  const end = (id: string) => void api.delete(`/me/sessions/${id}`).then(() => query.refetch(), (e: unknown) => toast(say(e, m.error.network), undefined, true))
  return (
    <ul>
      {query.data.items.map((d) => (
        <li key={d.id} className={css.device}>
          <span className="grow">
            {nameOf(d.user_agent)} <span className="muted num">{d.ip} · {m.settings.lastSeen(moment(d.last_used, now))}</span>
          </span>
          {d.current ? <Chip>{m.settings.thisDevice}</Chip> : <Button size="small" onClick={() => end(d.id)}>{m.settings.endSession}</Button>}
        </li>
      ))}
    </ul>
  )
}
