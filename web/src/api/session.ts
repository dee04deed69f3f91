import { queryOptions, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import type { Lang } from '@/locales/types'
import { setLang } from '@/shared/lib/i18n'
import { setLetterKeys } from '@/shared/lib/keys'
import { setTheme } from '@/shared/lib/theme'
import { setZone } from '@/shared/lib/time'
import { api, setCsrf } from './client'
import { Problem } from './problem'

export interface Session {
  account: { id: string; login: string; totp: boolean }
  person: { id: string; name: string; english_name?: string; form_of_address?: string; email?: string; phone?: string }
  organisation: { id: string; name: string; kind: 'provider' | 'customer' | 'supplier' }
  roles: { code: string; label: string }[]
  perms: string[]
  teams: { id: string; name: string; tier?: string }[]
  language: 'zh' | 'en'
  zone?: string
  theme: 'auto' | 'light' | 'dark'
  density?: string
  single_keys: boolean
  preferences: Record<string, unknown>
  csrf: string
  must_change_password?: boolean
}

export interface SignedIn {
  session: Session | null
  /** The very first start: no account exists yet. */
  setup: boolean
}

export const langOf = (l: string): Lang => (l === 'en' ? 'en-US' : 'zh-CN')
export const codeOf = (l: Lang): 'zh' | 'en' => (l === 'en-US' ? 'en' : 'zh')

/** Keeps what a session answer brings: the token, and the person's language, look, zone and keys. */
export async function take(session: Session): Promise<Session> {
  setCsrf(session.csrf)
  setTheme(session.theme === 'auto' ? 'system' : session.theme)
  setLetterKeys(session.single_keys)
  setZone(session.zone)
  await setLang(langOf(session.language))
  return session
}

async function read(): Promise<SignedIn> {
  try {
    return { session: await take(await api.get<Session>('/session')), setup: false }
  } catch (e) {
    if (!(e instanceof Problem && e.status === 401)) throw e
    const { needed } = await api.get<{ needed: boolean }>('/setup')
    return { session: null, setup: needed }
  }
}

export const sessionQuery = queryOptions({ queryKey: ['session'], queryFn: read, staleTime: Infinity, gcTime: Infinity, retry: 1 })

/** Puts a session in its place, after signing in or changing oneself. */
export async function keepSession(client: QueryClient, session: Session) {
  client.setQueryData(sessionQuery.queryKey, { session: await take(session), setup: false })
}

/** Who is signed in. Only used inside the signed-in part of the app. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery)
  if (!data?.session) throw new Error('nobody is signed in')
  return data.session
}

/** The reader as conditions of definitions see them. */
export function useMe(): Record<string, unknown> {
  const s = useSession()
  return { id: s.person.id, org: s.organisation.id, side: s.organisation.kind, roles: s.roles.map((r) => r.code) }
}

/** Changes one's own settings: language, theme, keys, preferences. */
export function useChangeMe() {
  const client = useQueryClient()
  return async (patch: Partial<Pick<Session, 'language' | 'theme' | 'single_keys' | 'zone' | 'preferences'>>) => {
    await keepSession(client, await api.patch<Session>('/me', patch))
    if (patch.language) await client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== 'session' })
  }
}
