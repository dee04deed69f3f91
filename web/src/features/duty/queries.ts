import { queryOptions, useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { rostersQuery, shiftsQuery, type Roster, type Shift } from '@/api/duty'
import { api, type Query } from '@/api/client'
import { useSession } from '@/api/session'
import type { Page, Summary, TypeMeta } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { cellOf, iso, kindsOf, ms } from './model'

/** A few records of a type. */
export const someQuery = (type: string, plural: string, query: Query) =>
  queryOptions({ queryKey: [`list:${type}`, 'some', query], queryFn: () => api.get<Page<Summary>>(`/${plural}`, { limit: 20, ...query }), select: (p) => p.items, retry: false })

export const totalQuery = (type: TypeMeta, query: Query) =>
  queryOptions({ queryKey: [`list:${type.type}`, 'total', query], queryFn: () => api.get<Page<Summary>>(`/${type.plural}`, { ...query, limit: 1, count: true }), select: (p) => p.total ?? 0, staleTime: 60_000 })

export interface Bucket {
  value: string
  label: string
  count: number
}
export const bucketsQuery = (type: TypeMeta, group: string, query: Query) =>
  queryOptions({ queryKey: [`list:${type.type}`, 'counts', group, query], queryFn: () => api.get<{ items: Bucket[] }>(`/${type.plural}/counts`, { ...query, group }), select: (p) => p.items, retry: false })

export interface OwnShift extends Shift {
  roster: Roster
}
const DAY = 86_400_000

/** 白班, also where a holiday's schedule gives it; the roster's name where it is no shift of the day. */
export const nameOfShift = (s: OwnShift) => cellOf(s, kindsOf(s.roster.body), s.roster.body.timezone).kind?.name ?? (s.name || s.roster.name)

/** My shifts of the next three weeks by every roster in force, the one under way first. */
export function useMyShifts() {
  const me = useSession().person.id
  const now = useNow()
  const hour = Math.floor(now / 3_600_000) * 3_600_000
  const from = iso(hour - DAY), to = iso(hour + 21 * DAY)
  const rosters = useInfiniteQuery(rostersQuery)
  const mine = (rosters.data?.pages.flatMap((p) => p.items) ?? []).filter((r) => r.status === 'active' && r.published > 0)
  const sheets = useQueries({ queries: mine.map((r) => shiftsQuery(r.id, from, to, false)) })
  const shifts: OwnShift[] = sheets.flatMap((q, i) => {
    const roster = mine[i]
    return roster && q.data ? q.data.shifts.filter((s) => s.person.id === me && ms(s.end) > now).map((s) => ({ ...s, roster })) : []
  })
  shifts.sort((a, b) => ms(a.start) - ms(b.start))
  return { shifts, pending: rosters.isPending || sheets.some((q) => q.isPending), error: rosters.error ?? sheets.find((q) => q.error)?.error ?? null }
}

/** My check-in that has not ended. */
export const useOpenCheckIn = () => useQuery(someQuery('duty_checkin', 'duty-checkins', { assignee: 'me', open: true, limit: 1 })).data?.[0]
