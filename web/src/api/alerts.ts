// Alerts, and what decides about them, as the server tells them. Durations are seconds unless a name says otherwise.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, type Query } from './client'
import type { Instant, Named, Page } from './types'

export type Severity = 'critical' | 'high' | 'warning' | 'info'
export type AlertState = 'new' | 'acknowledged' | 'handling' | 'resolved' | 'false'
export type SourceKind = 'alertmanager' | 'grafana' | 'zabbix' | 'prometheus' | 'generic'

export interface Alert {
  id: string
  version: number
  state: AlertState
  state_label: string
  open: boolean
  object: string
  metric: string
  metric_label: string
  unit: string
  value: number | null
  threshold: number | null
  severity: Severity
  severity_label: string
  title: string
  description: string
  link: string
  labels: Record<string, string>
  annotations: Record<string, string>
  fingerprint: string
  group: string
  source: Named
  rule: Named | null
  held: '' | 'window' | 'threshold'
  flapping: boolean
  unlinked: boolean
  customer: Named | null
  service: Named | null
  site: Named | null
  team: Named | null
  handler: Named | null
  record: string
  alert_count: number
  started_at: Instant
  ended_at: Instant | null
  received_at: Instant
  last_at: Instant
  delay_ms: number
  respond_by: Instant | null
  overdue: boolean
  acknowledged_at: Instant | null
  acknowledged_by: Named | null
  closed_at: Instant | null
  closed_by: Named | null
  closed_reason: string
  problem: string
}
export interface AlertSource {
  id: string
  version: number
  name: string
  kind: SourceKind | 'api' | 'heartbeat'
  disabled: boolean
  prefix: string
  customer: string
  object_labels: string[]
  severities: { word: string; severity: Severity }[]
  mapping: Record<string, string>
}
export interface SourceMade {
  source: AlertSource
  token: string
  path: string
}
export interface AlertRule {
  id: string
  version: number
  place: number
  name: string
  enabled: boolean
  sources: string[]
  match: string
  action: 'incident' | 'notify' | 'drop'
  type: string
  workflow: string
  dedup: 'fingerprint' | 'group' | 'object' | 'rule' | 'expression'
  dedup_by: string
  count: number
  within: number
  flap_changes: number
  flap_within: number
  heartbeat: number
  respond_within: number
  customer: string
  service: string
  site: string
  team: string
  set: Record<string, string>
}
export interface Tried {
  object: string
  metric: string
  severity: Severity
  status: string
  title: string
  unlinked: boolean
  rule: string
  action: 'incident' | 'notify' | 'drop' | 'none'
  window: string
  why: string
  steps: { rule: string; name: string; applies: boolean; why: string }[]
  problem: string
}
export interface AlertWindow {
  id: string
  version: number
  name: string
  from: Instant
  to: Instant
  match: string
}
export interface MonitoredObject {
  id: string
  version: number
  name: string
  customer: string
  service: string
  site: string
  team: string
  note: string
}
export interface AlertPayload {
  id: string
  source: string
  source_name: string
  kind: string
  at: Instant
  ip: string
  size: number
  cut: boolean
  reason: string
  retried_at: Instant | null
  body?: string
}
export interface AlertBucket {
  month: string
  source: string
  source_name: string
  alerts: number
  repeats: number
  records: number
  false: number
  false_rate: number
  unlinked: number
  overdue: number
  delay_ms: number
  delay_max_ms: number
  acknowledge_ms: number
  resolve_ms: number
}
export interface Metric {
  code: string
  zh: string
  en: string
  unit: string
}

const items = <T>(key: string, path: string, query: Query = {}) => queryOptions({ queryKey: ['alert-setup', key, query], queryFn: () => api.get<{ items: T[] }>(path, query), select: (p) => p.items })

export const alertsQuery = (query: Query) =>
  infiniteQueryOptions({
    queryKey: ['list:alert', query],
    queryFn: ({ pageParam, signal }) => api.get<Page<Alert>>('/alerts', { ...query, limit: 100, cursor: pageParam }, signal),
    initialPageParam: '' as string,
    getNextPageParam: (p) => p.next_cursor || undefined,
  })
export const alertQuery = (id: string) => queryOptions({ queryKey: [`alert:${id}`], queryFn: () => api.get<Alert>(`/alerts/${id}`) })
export const alertStatisticsQuery = (query: Query) => queryOptions({ queryKey: ['list:alert', 'statistics', query], queryFn: () => api.get<{ total: AlertBucket; items: AlertBucket[] }>('/alert-statistics', query) })
export const metricsQuery = queryOptions({ queryKey: ['alert-setup', 'metrics'], queryFn: () => api.get<{ items: Metric[] }>('/alert-metrics'), select: (p) => p.items, staleTime: 300_000 })
export const sourcesQuery = items<AlertSource>('sources', '/alert-sources')
export const rulesQuery = items<AlertRule>('rules', '/alert-rules')
export const windowsQuery = (past: boolean) => items<AlertWindow>('windows', '/alert-windows', { past: past || undefined })
const pages = <T>(key: string, path: string, query: Query) =>
  infiniteQueryOptions({
    queryKey: ['alert-setup', key, query],
    queryFn: ({ pageParam }) => api.get<Page<T>>(path, { ...query, limit: 100, cursor: pageParam }),
    initialPageParam: '' as string,
    getNextPageParam: (p) => p.next_cursor || undefined,
  })
export const objectsQuery = (query: Query) => pages<MonitoredObject>('objects', '/alert-objects', query)
export const payloadsQuery = pages<AlertPayload>('payloads', '/alert-payloads', {})
