import { lang } from '@/shared/lib/i18n'
import { Problem } from './problem'

export type Query = Record<string, string | number | boolean | null | undefined>

interface Options {
  body?: unknown
  query?: Query | undefined
  /** The version the change was made on. */
  version?: number | undefined
  /** Makes a create safe to repeat. */
  once?: string | undefined
  signal?: AbortSignal | undefined
}

let csrf = ''
let onSignedOut = () => {}
let renewCsrf: () => Promise<void> = () => Promise.resolve()

export const csrfToken = () => csrf
export const setCsrf = (token: string) => {
  csrf = token
}
/** Told by the session what to do when the server no longer knows us. */
export const onSession = (handlers: { signedOut: () => void; renew: () => Promise<void> }) => {
  onSignedOut = handlers.signedOut
  renewCsrf = handlers.renew
}

/** Turns a query object into its text; empty values are left out. */
export function queryText(query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [k, v] of Object.entries(query)) if (v !== undefined && v !== null && v !== '') params.set(k, String(v))
  const text = params.toString()
  return text ? `?${text}` : ''
}

export const apiUrl = (path: string, query?: Query) => `/api/v1${path}${queryText(query)}`

async function send(method: string, path: string, o: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': lang() === 'zh-CN' ? 'zh' : 'en' }
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf
  if (o.version !== undefined) headers['If-Match'] = `"v${o.version}"`
  if (o.once) headers['Idempotency-Key'] = o.once
  const form = o.body instanceof FormData
  if (o.body !== undefined && !form) headers['Content-Type'] = 'application/json'
  return fetch(apiUrl(path, o.query), {
    method,
    headers,
    body: o.body === undefined ? null : form ? (o.body as FormData) : JSON.stringify(o.body),
    signal: o.signal ?? null,
  })
}

async function call<T>(method: string, path: string, o: Options = {}): Promise<T> {
  let res = await send(method, path, o)
  if (res.status === 403 && method !== 'GET') {
    const code = await res.clone().json().then((b: { code?: string }) => b.code, () => '')
    if (code === 'httpapi.csrf') {
      await renewCsrf()
      res = await send(method, path, o)
    }
  }
  if (res.ok) return (res.status === 204 ? undefined : await res.json().catch(() => undefined)) as T
  const problem = new Problem(res.status, await res.json().catch(() => ({})))
  if (res.status === 401 && !path.startsWith('/session')) onSignedOut()
  throw problem
}

/** The one way to the server. Throws a Problem, or a TypeError when it cannot be reached. */
export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => call<T>('GET', path, { query, signal }),
  post: <T>(path: string, body?: unknown, o?: Omit<Options, 'body'>) => call<T>('POST', path, { ...o, body }),
  put: <T>(path: string, body?: unknown, o?: Omit<Options, 'body'>) => call<T>('PUT', path, { ...o, body }),
  patch: <T>(path: string, body: unknown, o?: Omit<Options, 'body'>) => call<T>('PATCH', path, { ...o, body }),
  delete: <T>(path: string, o?: Options) => call<T>('DELETE', path, o),
}

/** A key for `once`. */
export const onceKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`
