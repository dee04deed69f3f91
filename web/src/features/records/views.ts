import type { SavedView, TypeMeta } from '@/api/types'
import type { Messages } from '@/locales/types'
import { parse, type Filters } from '@/shared/list/filters'

export interface View {
  id: string
  label: string
  filters: Filters
  sort: string
  columns?: string[] | undefined
  saved?: SavedView | undefined
}

export const defaultSort = 'due'

/** The views every list has, then the saved ones. */
export function viewsOf(type: TypeMeta, saved: SavedView[], m: Messages): View[] {
  const view = (id: string, label: string, filters: Filters): View => ({ id, label, filters, sort: defaultSort })
  return [
    view('open', m.list.open, { open: 'true' }),
    view('team', m.list.team, { open: 'true', team: 'mine' }),
    view('mine', m.list.mine, { open: 'true', assignee: 'me' }),
    view('unassigned', m.list.unassigned, { open: 'true', assignee: 'none' }),
    view('waiting', m.list.waiting, { kind: 'waiting' }),
    ...saved.filter((v) => v.type === type.type).sort((a, b) => (a.position ?? 0) - (b.position ?? 0)).map((v): View => {
      const { sort, ...filters } = parse(v.query)
      return { id: v.id, label: v.name, filters, sort: sort ?? defaultSort, columns: v.columns?.length ? v.columns : undefined, saved: v }
    }),
    view('all', m.list.everything, {}),
  ]
}

/** What the URL of a list says: the view it started from and what differs from it. */
export interface ListState {
  view: View
  filters: Filters
  sort: string
  columns: string[] | undefined
}

export function readUrl(search: Record<string, string>, views: View[]): ListState {
  const { view: id, sort, cols, ...filters } = search
  const view = views.find((v) => v.id === id) ?? views[id === undefined && Object.keys(filters).length > 0 ? views.length - 1 : 0]
  if (!view) throw new Error('a list has views')
  const bare = Object.keys(filters).length === 0
  return { view, filters: bare ? view.filters : filters, sort: sort ?? view.sort, columns: cols ? cols.split(',') : view.columns }
}

export function writeUrl(s: ListState): Record<string, string> {
  const empty = Object.keys(s.filters).length === 0
  return {
    view: empty && Object.keys(s.view.filters).length > 0 ? 'all' : s.view.id,
    ...s.filters,
    ...(s.sort !== s.view.sort ? { sort: s.sort } : {}),
    ...(s.columns && s.columns.join() !== s.view.columns?.join() ? { cols: s.columns.join(',') } : {}),
  }
}
