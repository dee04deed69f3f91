// Query options: the only place where paths and query keys stand. The first part of a key is what the event stream names.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, type Query } from './client'
import type { Counts, Entry, Meta, Notice, Option, Page, RecordView, SavedView, SearchHit, Summary, TypeMeta, Work } from './types'

const MIN = 60_000

export const metaQuery = queryOptions({ queryKey: ['meta'], queryFn: () => api.get<Meta>('/meta'), staleTime: 10 * MIN })

export const countsQuery = queryOptions({ queryKey: ['work', 'counts'], queryFn: () => api.get<Counts>('/counts'), staleTime: MIN })

export const workQuery = queryOptions({ queryKey: ['work'], queryFn: () => api.get<Work>('/work') })

export const listQuery = (type: TypeMeta, query: Query) =>
  infiniteQueryOptions({
    queryKey: [`list:${type.type}`, query],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Summary>>(`/${type.plural}`, { limit: 100, ...query, cursor: pageParam, count: pageParam ? undefined : true }, signal),
    initialPageParam: '' as string,
    getNextPageParam: (page) => page.next_cursor || undefined,
  })

export const countQuery = (type: TypeMeta, query: Query) =>
  queryOptions({
    queryKey: [`list:${type.type}`, 'total', query],
    queryFn: () => api.get<Page<Summary>>(`/${type.plural}`, { ...query, limit: 1, count: true }),
    select: (page) => (page.total == null ? null : page.total_capped ? `${page.total}+` : page.total),
    staleTime: MIN,
  })

export const recordQuery = (number: string) =>
  queryOptions({ queryKey: [`record:${number}`], queryFn: () => api.get<RecordView>(`/records/${encodeURIComponent(number)}`) })

export const timelineQuery = (plural: string, number: string, show: string) =>
  infiniteQueryOptions({
    queryKey: [`record:${number}`, 'timeline', show],
    queryFn: ({ pageParam }) => api.get<Page<Entry>>(`/${plural}/${number}/timeline`, { show, cursor: pageParam, limit: 100 }),
    initialPageParam: '' as string,
    getNextPageParam: (page) => page.next_cursor || undefined,
  })

export const viewsQuery = queryOptions({ queryKey: ['views'], queryFn: () => api.get<Page<SavedView>>('/views'), staleTime: 5 * MIN })

export const searchQuery = (q: string, types?: string) =>
  infiniteQueryOptions({
    queryKey: ['search', q, types ?? ''],
    queryFn: ({ pageParam, signal }) => api.get<Page<SearchHit>>('/search', { q, types, cursor: pageParam }, signal),
    initialPageParam: '' as string,
    getNextPageParam: (page) => page.next_cursor || undefined,
    enabled: q.trim().length > 0,
    staleTime: MIN / 2,
  })

export const noticesQuery = (unread: boolean) =>
  infiniteQueryOptions({
    queryKey: ['inbox', unread],
    queryFn: ({ pageParam }) => api.get<Page<Notice>>('/notifications', { unread: unread || undefined, cursor: pageParam }),
    initialPageParam: '' as string,
    getNextPageParam: (page) => page.next_cursor || undefined,
  })

export interface RefOption {
  id: string
  label: string
  hint?: string
}
export const optionsQuery = (to: string, q: string, customer?: string) =>
  queryOptions({
    queryKey: ['options', to, q, customer ?? ''],
    queryFn: ({ signal }) => api.get<Page<RefOption>>(`/options/${to}`, { q, customer, limit: 30 }, signal),
    select: (page) => page.items,
    staleTime: MIN,
  })

export const refsToOptions = (items: RefOption[]): Option[] => items.map((x) => ({ value: x.id, label: x.label, ...(x.hint ? { hint: x.hint } : {}) }))
