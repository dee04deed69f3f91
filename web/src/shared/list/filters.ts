import type { Meta, Option, TypeMeta } from '@/api/types'
import type { Messages } from '@/locales/types'

export type Filters = Record<string, string>

export type FilterDef =
  | { name: string; label: string; kind: 'options'; options: Option[] }
  | { name: string; label: string; kind: 'ref'; to: string; options: Option[] }
  | { name: string; label: string; kind: 'range'; from: string; to: string }
  | { name: string; label: string; kind: 'before' }
  | { name: string; label: string; kind: 'text' }
  | { name: string; label: string; kind: 'flag' }

/** What a list can be filtered by. A filter's value is what stands in the URL and goes to the API. */
export function filterDefs(type: TypeMeta, meta: Meta, m: Messages): FilterDef[] {
  const f = m.fields
  const has = (name: string) => type.fields.some((x) => x.name === name)
  const label = (name: keyof Messages['fields'] & string) => type.fields.find((x) => x.name === name)?.label ?? f[name]
  const optionsOf = (name: string, fallback: Option[] = []) => {
    const own = type.fields.find((x) => x.name === name)?.options
    return own?.length ? own : fallback
  }
  const states = [...new Map(type.workflows.flatMap((w) => w.states).map((s) => [s.code, { value: s.code, label: s.label }])).values()]
  const kinds = (['new', 'active', 'waiting', 'done', 'cancelled'] as const).map((k) => ({ value: k, label: m.kinds[k] }))
  const defs: (FilterDef | false)[] = [
    { name: 'open', label: f.open, kind: 'flag' },
    { name: 'state', label: f.state, kind: 'options', options: states },
    { name: 'kind', label: f.kind, kind: 'options', options: kinds },
    has('priority') && { name: 'priority', label: label('priority'), kind: 'options', options: meta.priorities },
    has('customer') && { name: 'customer', label: label('customer'), kind: 'ref', to: 'customer', options: [] },
    has('site') && { name: 'site', label: label('site'), kind: 'ref', to: 'site', options: [] },
    has('service') && { name: 'service', label: label('service'), kind: 'ref', to: 'service', options: [] },
    { name: 'assignee', label: label('assignee'), kind: 'ref', to: 'staff', options: [{ value: 'me', label: m.list.me }, { value: 'none', label: m.list.nobody }] },
    { name: 'team', label: label('team'), kind: 'ref', to: 'team', options: [{ value: 'mine', label: m.list.myTeams }, { value: 'none', label: m.list.noTeam }] },
    has('requester') && { name: 'requester', label: label('requester'), kind: 'ref', to: 'person', options: [{ value: 'me', label: m.list.me }] },
    has('impact') && { name: 'impact', label: label('impact'), kind: 'options', options: optionsOf('impact', meta.schemes[0]?.impacts) },
    has('urgency') && { name: 'urgency', label: label('urgency'), kind: 'options', options: optionsOf('urgency', meta.schemes[0]?.urgencies) },
    has('level') && { name: 'level', label: label('level'), kind: 'options', options: optionsOf('level') },
    has('channel') && { name: 'channel', label: label('channel'), kind: 'options', options: optionsOf('channel', meta.channels) },
    type.workflows.length > 1 && { name: 'workflow', label: f.workflow, kind: 'options', options: type.workflows.map((w) => ({ value: w.code, label: w.label })) },
    has('major') && { name: 'major', label: label('major'), kind: 'flag' },
    { name: 'watching', label: f.watching, kind: 'flag' },
    { name: 'created', label: f.created, kind: 'range', from: 'created_from', to: 'created_to' },
    { name: 'updated', label: f.updated, kind: 'range', from: 'updated_from', to: 'updated_to' },
    { name: 'due_before', label: f.due, kind: 'before' },
    { name: 'q', label: f.q, kind: 'text' },
    ...type.fields.filter((x) => x.indexed && (x.type === 'enum' || x.type === 'tree')).map((x): FilterDef => ({ name: `f.${x.name}`, label: x.label, kind: 'options', options: x.options ?? [] })),
    ...type.fields.filter((x) => x.indexed && x.type === 'bool').map((x): FilterDef => ({ name: `f.${x.name}`, label: x.label, kind: 'flag' })),
  ]
  return defs.filter((d): d is FilterDef => !!d)
}

/** The URL keys a filter uses. */
export const keysOf = (d: FilterDef): string[] => (d.kind === 'range' ? [d.from, d.to] : [d.name])

export const list = (text: string | undefined) => (text ? text.split(',').filter(Boolean) : [])

/** Text of a query in a fixed order, to compare and to store. */
export function canonical(filters: Filters): string {
  return Object.entries(filters).filter(([, v]) => v !== '').sort(([a], [b]) => a.localeCompare(b)).map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&')
}

/** A stored query, as text or as an object. */
export function parse(query: string | Record<string, unknown> | undefined): Filters {
  if (!query) return {}
  if (typeof query === 'string') return Object.fromEntries(new URLSearchParams(query))
  return Object.fromEntries(Object.entries(query).map(([k, v]) => [k, Array.isArray(v) ? v.join(',') : String(v)]))
}
