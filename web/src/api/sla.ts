// Agreements, working calendars, and why a deadline is what it is.
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Instant, Page } from './types'

export interface Words {
  zh: string
  en: string
}
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]
export type Interval = [string, string]
export interface Spec {
  timezone: string
  weekly: Partial<Record<Weekday, Interval[] | null>>
  holidays?: string[]
  extra_workdays?: { date: string; intervals?: Interval[] }[]
}
export interface Calendar {
  code: string
  label: Words
  spec: Spec
  country?: 'CN'
  version?: number
}
export interface PublicDay {
  date: string
  /** False: a make-up day. */
  off: boolean
  name: string
}
export interface PublicDays {
  days: PublicDay[]
  notices: string[]
  announced: boolean
  last_announced: number
}

export type AgreementKind = 'sla' | 'ola' | 'uc'
export interface Target {
  name: string
  label?: Words
  priority?: string
  level?: string
  seconds: number
  pausable?: boolean
  starts?: 'created' | 'assigned' | 'event'
  after_first_response?: boolean
}
export interface Step {
  target: string
  percent?: number
  before_seconds?: number
  after_seconds?: number
  kind: 'warning' | 'alarm' | 'escalation'
  to: string[]
  wake?: boolean
  /** From here on it is reported upwards: the next level is told when nobody has acknowledged it for so long. */
  report_up_seconds?: number
}
export const clauseNames = ['scope', 'quality', 'indicators', 'assessment', 'compensation', 'disputes', 'leftovers', 'complaints'] as const
export type Clause = (typeof clauseNames)[number]
export interface Agreement {
  id?: string
  code: string
  label: Words
  kind: AgreementKind
  state?: 'draft' | 'active' | 'retired'
  customer?: string
  supplier?: string
  applies?: { types?: string[]; services?: string[]; contracts?: string[]; priorities?: string[]; teams?: string[] }
  rank?: number
  calendar: string
  always_on?: { priorities?: string[]; levels?: string[] }
  targets: Target[]
  pauses_on?: ('customer' | 'supplier' | 'internal')[]
  warn_percent?: number[]
  steps?: Step[]
  day_rule?: boolean
  clauses?: Partial<Record<Clause, string>>
  valid_from?: string
  valid_until?: string
  version?: number
  /** The version that new records come under; none before the first activation. */
  active_version?: number
}

export type EntryKind = 'open' | 'make_up' | 'holiday' | 'closed' | 'paused' | 'stopped'
export interface LedgerEntry {
  from: Instant
  to: Instant
  seconds: number
  kind: EntryKind
  name?: string
}
export interface Review {
  cause: string
  used_by: 'customer' | 'own_team' | 'supplier' | 'other'
  improvement?: string
  confirmed: boolean
  compensation?: string
  amount?: number
  by?: string
  at?: Instant
}
export interface Explained {
  target: string
  label: string
  kind: AgreementKind
  agreement: string
  agreement_name: string
  agreement_id: string
  agreement_version: number
  /** Code; empty = around the clock. */
  calendar: string
  timezone: string
  started_at: Instant
  ended_at: Instant | null
  target_seconds: number
  bound_by: 'target' | 'expected' | 'day_rule' | 'agreed'
  state: 'none' | 'running' | 'paused' | 'met' | 'breached'
  due: Instant | null
  elapsed: number
  remaining: number
  paused_seconds: number
  breached_at: Instant | null
  ledger: LedgerEntry[]
  forecast: LedgerEntry[]
  shares: { who: 'customer' | 'team' | 'supplier'; name: string; seconds: number }[]
  points: { kind: Step['kind']; at: Instant | null; to: string[]; taken: boolean }[]
  changes: { at: Instant; type: string; text: string }[]
  reports: { from: string; to: string; at: Instant; acknowledged_at: Instant | null }[]
  review: Review | null
}

export interface Shift {
  number: string
  type: string
  title: string
  target: string
  label: string
  due_before: Instant | null
  due_after: Instant | null
  state_before: Explained['state']
  state_after: Explained['state']
}
export interface Replayed {
  looked_at: number
  moved: number
  newly_breached: number
  items: Shift[]
}
export interface Tally {
  agreement: string
  agreement_id: string
  kind: AgreementKind
  customer: string
  customer_name: string
  target: string
  label: string
  started: number
  ended: number
  breached: number
  kept_percent: number
  average_seconds: number
}

const MIN = 60_000
export const calendarsKey = ['entries:/calendars']
export const agreementsKey = ['entries:/agreements']

export const calendarsQuery = queryOptions({ queryKey: calendarsKey, queryFn: () => api.get<Page<Calendar>>('/calendars'), select: (p) => p.items, staleTime: MIN })
export const agreementsQuery = queryOptions({ queryKey: agreementsKey, queryFn: () => api.get<Page<Agreement>>('/agreements'), select: (p) => p.items })
export const publicDaysQuery = (year: number) => queryOptions({ queryKey: ['public-days', year], queryFn: () => api.get<PublicDays>(`/public-days/CN/${year}`), staleTime: 10 * MIN })
export const tallyQuery = (month: string) => queryOptions({ queryKey: [...agreementsKey, 'statistics', month], queryFn: () => api.get<Page<Tally>>('/agreements/statistics', { month }), select: (p) => p.items })
/** The clocks of a record at an instant; at none, as they stand now. */
export const clocksQuery = (number: string, at?: string) =>
  queryOptions({ queryKey: [`record:${number}`, 'clocks', at ?? ''], queryFn: () => api.get<{ results: Explained[] }>(`/records/${encodeURIComponent(number)}/clocks`, { at }), select: (p) => p.results })
