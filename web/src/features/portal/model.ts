import { useQueries, useSuspenseQuery } from '@tanstack/react-query'
import { api, type Query } from '@/api/client'
import { metaQuery } from '@/api/queries'
import type { Meta, Page, RecordView, StripStep, Summary, TypeMeta } from '@/api/types'
import type { Messages } from '@/locales/types'
import { moment, ms } from '@/shared/lib/time'

/** The kinds of things a customer's person may open here. */
export const typesOf = (meta: Meta): TypeMeta[] => meta.types.filter((t) => t.create)

/** The same list over all kinds, newest change first. */
export function useMine(query: Query, limit = 50) {
  const { data: meta } = useSuspenseQuery(metaQuery)
  const types = typesOf(meta)
  const results = useQueries({
    queries: types.map((t) => ({
      queryKey: [`list:${t.type}`, 'portal', query, limit],
      queryFn: ({ signal }: { signal: AbortSignal }) => api.get<Page<Summary>>(`/${t.plural}`, { sort: '-updated_at', ...query, limit }, signal),
    })),
  })
  const items = results.flatMap((r) => r.data?.items ?? []).sort((a, b) => ms(b.updated_at) - ms(a.updated_at))
  return {
    items,
    more: results.some((r) => !!r.data?.next_cursor),
    isPending: results.some((r) => r.isPending),
    error: results.find((r) => r.isError)?.error,
    refetch: () => results.forEach((r) => void r.refetch()),
  }
}

/** The stages of a record in the customer's words, and where it stands. */
export function stepsOf(r: Summary, type: TypeMeta | undefined): StripStep[] {
  const states = type?.workflows.find((w) => w.code === r.workflow)?.states ?? []
  const stages = [...new Map(states.map((s) => [s.code, s.label])).keys()]
  const first = (code: string) => states.find((s) => s.code === code)?.label ?? code
  const code = stages.includes(r.state.code) ? r.state.code : states.find((s) => s.label === r.state.label)?.code
  const here = stages.indexOf(code ?? '')
  const over = r.state.kind === 'done' || r.state.kind === 'cancelled'
  return stages.map((c, i) => ({ code: c, label: i === here ? r.state.label : first(c), phase: i < here || (over && i === here) ? 'done' : i === here ? 'current' : 'ahead' }))
}

/** Whether something waits for the reader. */
export const waitsForYou = (r: Summary) => r.state.kind === 'waiting' && r.state.waiting_on === 'customer'

/** The expected time as a sentence. */
export function expectation(r: Summary | RecordView, now: number, m: Messages, short = false): string {
  if (r.state.kind === 'done' || r.state.kind === 'cancelled') return r.state.label
  if (waitsForYou(r)) return r.state.label
  const due = r.promise?.due_at ?? r.due_at
  if (!due || r.promise?.stopped_at || r.promise?.state === 'met' || r.promise?.state === 'paused') return r.state.label
  if (ms(due) < now) return m.portal.late
  return short ? m.portal.byShort(moment(due, now)) : m.portal.by(moment(due, now))
}
