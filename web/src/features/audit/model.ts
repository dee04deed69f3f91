import { useQueries } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { FieldMeta, Instant, Meta } from '@/api/types'
import type { Messages } from '@/locales/types'
import { plainValue } from '@/shared/form/FieldValue'
import { pick } from '@/shared/lib/i18n'
import { exact } from '@/shared/lib/time'

export interface AuditEvent {
  id: string
  stream: string
  seq: number
  at: Instant
  kind: string
  subject: string
  number: string
  customer: string
  actor_id: string
  actor_name: string
  via: string
  public: boolean
  data?: Record<string, unknown> | null
  hash: string
  seal: number
}

/** One thing an event says: what it was and what it is. */
export interface Said {
  label: string
  before?: string
  after: string
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const paths: Record<string, string> = {
  customer: '/organisations', organisation: '/organisations', supplier: '/organisations', site: '/sites', sites: '/sites', service: '/services', team: '/teams', person: '/people', staff: '/people', contact: '/people', requester: '/people',
  assignee: '/people', superior: '/people', head: '/people', lead: '/people', manager: '/people', members: '/people', department: '/departments', parent: '/departments', received_by: '/people', for: '/people', approver: '/people',
}

/** What an event's data mean, field by field. */
interface Raw {
  name: string
  before?: unknown
  after: unknown
}
function rawOf(e: AuditEvent): Raw[] {
  const data = e.data ?? {}
  const out: Raw[] = []
  const { changes, before, after, from, to, ...rest } = data
  if (Array.isArray(changes)) for (const c of changes as { name: string; old?: unknown; new?: unknown }[]) out.push({ name: c.name, before: c.old, after: c.new })
  else if (changes && typeof changes === 'object') for (const [name, pair] of Object.entries(changes as Record<string, [unknown, unknown]>)) out.push({ name, before: pair[0], after: pair[1] })
  if (before && after && typeof before === 'object' && typeof after === 'object') {
    for (const [name, v] of Object.entries(after as Record<string, unknown>)) if (JSON.stringify(v) !== JSON.stringify((before as Record<string, unknown>)[name])) out.push({ name, before: (before as Record<string, unknown>)[name], after: v })
  }
  if (from !== undefined && to !== undefined) out.push({ name: '#state', before: from, after: to })
  for (const [name, v] of Object.entries(rest)) {
    if (v === '' || v === null || (name === 'person' && e.kind.startsWith('account.')) || ['comments', 'because', 'grant', 'session', 'token', 'impacts', 'urgencies', 'priorities', 'matrix', 'code', 'url', 'sha256', 'columns', 'query'].includes(name)) continue
    if (Array.isArray(v) && v.length === 2 && e.kind.endsWith('.changed')) out.push({ name, before: v[0], after: v[1] })
    else out.push({ name: name === 'transition' ? '#step' : name, after: v })
  }
  return out
}

const flat = (v: unknown): unknown[] => (Array.isArray(v) ? v : [v])

/** Names of the people and places that the shown events mention by id. */
export function useMentioned(events: AuditEvent[], meta: Meta): Record<string, string> {
  const wanted = new Map<string, string>()
  for (const e of events) {
    if (e.customer) wanted.set(e.customer, '/organisations')
    if (typeof e.data?.person === 'string' && e.subject === 'account') wanted.set(e.data.person, '/people')
    const type = meta.types.find((t) => t.type === e.subject)
    for (const r of rawOf(e)) {
      for (const v of [...flat(r.before), ...flat(r.after)]) {
        if (typeof v !== 'string' || !uuid.test(v)) continue
        const field = type?.fields.find((f) => f.name === r.name)
        const path = paths[field?.to ?? ''] ?? paths[r.name]
        if (path && wanted.size < 60) wanted.set(v, path)
      }
    }
  }
  const found = useQueries({ queries: [...wanted].map(([id, path]) => ({ queryKey: [`entries:${path}`, 'one', id], queryFn: () => api.get<{ id: string; name: string }>(`${path}/${id}`), staleTime: 10 * 60_000, retry: false })) })
  return Object.fromEntries(found.flatMap((q) => (q.data ? [[q.data.id, q.data.name]] : [])))
}

/** Codes of entries that have words. */
const coded = (name: string, v: unknown, m: Messages): string | undefined => (typeof v !== 'string' ? undefined : name === 'status' ? m.admin.statuses[v] : name === 'tier' ? m.admin.tiers[v] : name === 'kind' || name === 'side' ? m.admin.sides[v] : undefined)

function words(v: unknown, field: FieldMeta | undefined, names: Record<string, string>, m: Messages): string {
  if (v === null || v === undefined || v === '' || (Array.isArray(v) && v.length === 0)) return m.audit.cleared
  if (typeof v === 'string' && v.startsWith('actor.')) return m.audit.system
  if (field) {
    if (field.type === 'secret') return m.audit.hidden
    const plain = plainValue(field, v, { yes: m.app.yes, no: m.app.no, sep: m.app.listSep }, names)
    if (plain) return field.type === 'datetime' ? exact(plain).slice(0, 16) : plain
  }
  if (typeof v === 'boolean') return v ? m.app.yes : m.app.no
  if (typeof v === 'number' && v > 1e12) return exact(v).slice(0, 16)
  if (typeof v === 'string') return m.admin.perms[v] ?? (/^\d{4}-\d\d-\d\dT/.test(v) ? exact(v).slice(0, 16) : (names[v] ?? v))
  if (Array.isArray(v)) return v.map((x) => words(x, undefined, names, m)).join(m.app.listSep)
  if (typeof v === 'object') {
    const o = v as Record<string, unknown>
    if (typeof o.zh === 'string' && typeof o.en === 'string') return pick({ zh: o.zh, en: o.en })
    return Object.entries(o).map(([k, x]) => `${m.audit.fields[k] ?? k} ${words(x, undefined, names, m)}`).join(m.app.listSep)
  }
  return String(v)
}

/** An event in words: each field with its old and new value. */
export function saidBy(e: AuditEvent, meta: Meta, names: Record<string, string>, m: Messages): Said[] {
  const type = meta.types.find((t) => t.type === e.subject)
  const states = type?.workflows.flatMap((w) => w.states) ?? []
  const stateLabel = (code: unknown) => states.find((s) => s.code === code)?.label ?? String(code)
  const own: Record<string, string> = m.admin.fields
  return rawOf(e).flatMap((r): Said[] => {
    if (r.name === '#state') return r.before === r.after ? [] : [{ label: m.audit.state, before: stateLabel(r.before), after: stateLabel(r.after) }]
    if (r.name === '#step') return []
    const field = type?.fields.find((f) => f.name === r.name)
    const label = field?.label ?? m.audit.fields[r.name] ?? own[r.name] ?? m.admin.policyFields[r.name] ?? r.name
    const isNew = r.before === undefined || r.before === null || r.before === '' || e.kind.endsWith('.created')
    if (!isNew && JSON.stringify(r.before) === JSON.stringify(r.after)) return []
    // Long lists tell what came and what went.
    if (!isNew && Array.isArray(r.before) && Array.isArray(r.after) && r.after.length + r.before.length > 3) {
      const was = r.before, is = r.after
      const came = is.filter((x) => !was.includes(x)), went = was.filter((x) => !is.includes(x))
      return [...came.map((x): Said => ({ label, after: m.audit.came(words(x, field, names, m)) })), ...went.map((x): Said => ({ label, after: m.audit.went(words(x, field, names, m)) }))]
    }
    if (isNew && (r.after === undefined || r.after === null || r.after === '' || r.after === false || (Array.isArray(r.after) && r.after.length === 0))) return []
    return [{ label, ...(isNew ? {} : { before: coded(r.name, r.before, m) ?? words(r.before, field, names, m) }), after: coded(r.name, r.after, m) ?? words(r.after, field, names, m) }]
  })
}

/** Where the thing an event is about can be seen. */
export function linkOf(e: AuditEvent, meta: Meta): string | null {
  if (e.number && meta.types.some((t) => t.type === e.subject)) return `/r/${e.number}`
  if (e.subject === 'person') return `/admin/people/${e.stream}`
  if (e.subject === 'organisation') return `/admin/organisations/${e.stream}`
  if (e.subject === 'definition') return `/admin/definitions/${e.number}`
  return null
}
