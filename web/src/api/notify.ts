// How people are told, as the server tells it.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, type Query } from './client'
import type { Instant, Named, Page } from './types'

export type Level = 'info' | 'normal' | 'urgent'
export interface Preferences {
  levels: { level: Level; label: string; own: boolean; channels: string[] }[]
  quiet: { from: string; to: string } | null
  hold_until_service_hours: boolean
  digest: 'none' | 'hourly' | 'daily'
  digest_at: string
  zone: string
  channels: { id: string; name: string; kind: string; kind_label: string; reachable: boolean; levels: Level[] }[]
}
export interface Channel {
  id: string
  version: number
  kind: string
  kind_label: string
  name: string
  position: number
  enabled: boolean
  customers: boolean
  per_minute: number
  levels: Level[]
  settings: Record<string, string>
  secrets_set: string[]
  last_sent_at: Instant | null
  troubles: number
}
export interface ChannelKind {
  kind: string
  label: string
  personal: boolean
  settings: { name: string; label: string; help: string; form: 'line' | 'lines' | 'choice' | 'number' | 'url'; options: string[]; required: boolean; secret: boolean; default: string; max: number }[]
}
export interface Wording {
  subject: string
  body: string
  short: string
}
export interface Template extends Wording {
  kind: string
  kind_label: string
  lang: 'zh' | 'en'
  level: Level
  own: boolean
  updated_at: Instant | null
}
export interface TestResult {
  ok: boolean
  code: string
  reason: string
  answer: string
}
export interface Delivery {
  id: string
  person: Named
  channel: { id: string; name: string; kind: string }
  kind: string
  level: Level
  number: string
  state: 'pending' | 'held' | 'sent' | 'delivered' | 'read' | 'acknowledged' | 'failed' | 'given_up'
  state_label: string
  reason: string
  answer: string
  attempts: number
  created_at: Instant
  next_at: Instant | null
  sent_at: Instant | null
}

export const preferencesQuery = queryOptions({ queryKey: ['notify', 'preferences'], queryFn: () => api.get<Preferences>('/notifications/preferences') })
export const channelsQuery = queryOptions({ queryKey: ['notify', 'channels'], queryFn: () => api.get<{ items: Channel[] }>('/notification-channels'), select: (p) => p.items })
export const channelKindsQuery = queryOptions({ queryKey: ['notify', 'kinds'], queryFn: () => api.get<{ items: ChannelKind[] }>('/notification-channels/kinds'), select: (p) => p.items, staleTime: Infinity })
export const templatesQuery = queryOptions({ queryKey: ['notify', 'templates'], queryFn: () => api.get<{ items: Template[]; variables: string[] }>('/notification-templates') })
export const deliveriesQuery = (query: Query) =>
  infiniteQueryOptions({
    queryKey: ['notify', 'deliveries', query],
    queryFn: ({ pageParam }) => api.get<Page<Delivery>>('/deliveries', { ...query, limit: 100, cursor: pageParam }),
    initialPageParam: '' as string,
    getNextPageParam: (p) => p.next_cursor || undefined,
  })
