// Duty rosters, and who is on duty, as the server tells them.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Instant, Named, Page } from './types'

export type Mark = 'day' | 'night' | 'holiday' | ''

export interface Member extends Named {
  phone: string
  reachable: boolean
}
interface Groups {
  frequency: 'hourly' | 'daily' | 'weekly' | 'monthly'
  interval?: number
  start: string
  by_day?: string[]
  groups: string[][]
}
export interface Layer {
  name: string
  mark?: Mark
  skill?: string
  user?: string
  rotation?: { type: string; start: Instant; participants: string[] }
  roster?: Groups
  days?: string[]
  from?: string
  to?: string
}
export interface Special {
  name: string
  mark?: Mark
  start: Instant
  end: Instant
  shifts: { user: string; start: Instant; end: Instant }[]
}
/** What a roster says; what the page does not know is kept as it is. */
export interface RosterBody {
  timezone: string
  cover?: 'always' | 'as_planned'
  valid_from?: string
  valid_to?: string
  tolerance_minutes?: number
  check_in?: boolean
  holiday_cover?: boolean
  layers: Layer[]
  schedules?: Special[]
  max_consecutive?: number
  max_hours?: number
  rules?: string
}
export interface Roster {
  id: string
  version: number
  status: 'active' | 'retired'
  team: Named
  name: string
  body: RosterBody
  /** Number of the published version; 0 = never. */
  published: number
  published_at?: Instant
  published_by?: Named
  changed: boolean
  updated_at: Instant
  people: Member[]
  may_manage: boolean
}
export interface Shift {
  start: Instant
  end: Instant
  person: Named
  layer: number
  name: string
  mark: Mark
  why: 'planned' | 'temporary' | 'override' | 'substitute'
  instead?: Named
  record: string
  checked_in_at?: Instant
  checked_out_at?: Instant
  late_minutes: number
  missed: boolean
}
export interface Gap {
  from: Instant
  to: Instant
}
export interface Sheet {
  from: Instant
  to: Instant
  shifts: Shift[]
  gaps: Gap[]
}
export interface Finding {
  code: 'gap' | 'unreachable' | 'left' | 'not_in_team' | 'on_leave' | 'consecutive' | 'hours' | 'balance' | 'holiday'
  hard: boolean
  person?: Named
  from?: Instant
  to?: Instant
  value?: number
  text: string
}
export interface CheckReport {
  from: Instant
  to: Instant
  findings: Finding[]
  load: { person: Named; shifts: number; nights: number; hours: number }[]
}
export interface Override {
  id: string
  type: 'add' | 'remove' | 'replace' | 'cover_all'
  add?: Named
  remove?: Named
  start: Instant
  end: Instant
  reason: string
  record: string
  created_by: Named
  created_at: Instant
}
export interface Absence {
  id: string
  person: Named
  substitute?: Named
  start: Instant
  end: Instant
  record: string
}
export interface DutyPerson extends Member {
  layer: string
  mark: Mark
  why: Shift['why']
  instead?: Named
  checked_in: boolean
  since: Instant
  until: Instant
}
export interface TeamDuty {
  team: Named
  roster: Named
  people: DutyPerson[]
  rules: string
}
export interface RosterVersion {
  number: number
  at: Instant
  by: Named
  note: string
  accepted: string[]
}
/** The few facts a roster is made from. */
export interface RosterFacts {
  timezone?: string
  people: string[]
  day?: { from: string; to: string }
  night?: { from: string; to: string }
  start: string
  end?: string
  period?: 'daily' | 'weekly' | 'monthly'
  length?: number
  days?: string[]
  per_shift?: number
}
/** A day that is off, or worked, by public notice. */
export interface PublicDay {
  date: string
  off: boolean
  name: string
}

export const rostersQuery = infiniteQueryOptions({
  queryKey: ['list:roster'],
  queryFn: ({ pageParam }) => api.get<Page<Roster>>('/rosters', { limit: 100, cursor: pageParam }),
  initialPageParam: '' as string,
  getNextPageParam: (p) => p.next_cursor || undefined,
})
export const rosterQuery = (id: string) => queryOptions({ queryKey: [`roster:${id}`], queryFn: () => api.get<Roster>(`/rosters/${id}`) })
export const shiftsQuery = (id: string, from: string, to: string, draft: boolean) =>
  queryOptions({ queryKey: [`roster:${id}`, 'shifts', from, to, draft], queryFn: () => api.get<Sheet>(`/rosters/${id}/shifts`, { from, to, draft: draft || undefined }), placeholderData: (old) => old })
export const checkQuery = (id: string) => queryOptions({ queryKey: [`roster:${id}`, 'check'], queryFn: () => api.get<CheckReport>(`/rosters/${id}/check`) })
export const overridesQuery = (id: string, from: string, to: string) =>
  queryOptions({ queryKey: [`roster:${id}`, 'overrides', from, to], queryFn: () => api.get<{ items: Override[] }>(`/rosters/${id}/overrides`, { from, to }), select: (p) => p.items })
export const rosterVersionsQuery = (id: string) => queryOptions({ queryKey: [`roster:${id}`, 'versions'], queryFn: () => api.get<{ items: RosterVersion[] }>(`/rosters/${id}/versions`), select: (p) => p.items })
export const absencesQuery = (from: string, to: string) =>
  queryOptions({ queryKey: ['duty', 'absences', from, to], queryFn: () => api.get<{ items: Absence[] }>('/duty/absences', { from, to }), select: (p) => p.items })
/** Who is on duty at an instant; without one, now. */
export const dutyQuery = (at?: string) =>
  queryOptions({ queryKey: ['duty', 'at', at ?? ''], queryFn: () => api.get<{ items: TeamDuty[] }>('/duty', { at }), select: (p) => p.items, ...(at ? {} : { refetchInterval: 60_000 }) })
export const publicDaysQuery = (year: number) =>
  queryOptions({
    queryKey: ['public-days', year],
    queryFn: () => api.get<{ days?: PublicDay[] | null; known?: boolean }>(`/public-days/CN/${year}`),
    select: (p) => p.days ?? [],
    staleTime: Infinity,
    retry: false,
  })
