import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Lang } from '@/locales/types'
import { syncClock } from '@/shared/lib/clock'
import { setLang } from '@/shared/lib/i18n'
import { api, setCsrf } from './client'
import { Problem } from './problem'

export interface Me {
  id: string
  name: string
  login: string
  lang?: 'zh' | 'en'
  side?: 'provider' | 'customer' | 'supplier'
  title?: string
  team?: string
  on_duty?: boolean
  totp?: boolean
  must_change_password?: boolean
}

export interface Session {
  csrf: string
  /** Nobody is signed in when absent. */
  me: Me | null
  /** The password was right and a one-time code is still wanted. */
  pending?: boolean
  /** The very first start: no account exists yet. */
  setup?: boolean
  /** The setup must prove that it stands at the server. */
  setup_key?: boolean
  now?: string
}

export const langOf = (l: string | undefined): Lang => (l === 'en' ? 'en-US' : 'zh-CN')

async function read(): Promise<Session> {
  try {
    return await take(await api.get<Session>('/session'))
  } catch (e) {
    if (e instanceof Problem && e.status === 401) return { csrf: '', me: null }
    throw e
  }
}

/** Keeps what a session answer brings: the token, the clock, the language of the account. */
export async function take(session: Session): Promise<Session> {
  setCsrf(session.csrf)
  if (session.now) syncClock(session.now)
  if (session.me?.lang) await setLang(langOf(session.me.lang))
  return session
}

export const sessionQuery = queryOptions({ queryKey: ['session'], queryFn: read, staleTime: Infinity, gcTime: Infinity, retry: 1 })

/** Who is signed in. Only used inside the signed-in part of the app. */
export function useMe(): Me {
  const { data } = useQuery(sessionQuery)
  if (!data?.me) throw new Error('nobody is signed in')
  return data.me
}
