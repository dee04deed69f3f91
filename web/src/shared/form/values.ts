import type { FieldMeta, FormSpec, Meta, RecordView, Summary, TypeMeta } from '@/api/types'
import type { Messages } from '@/locales/types'
import { holds } from './when'

export type Values = Record<string, unknown>

type Line = { done?: boolean; na?: boolean }
const isMap = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** Whether a value says anything: the server's own reading. */
export function filled(f: FieldMeta, v: unknown): boolean {
  if (f.type === 'checklist' || f.type === 'signoffs') {
    const lines = isMap(v) ? (v as Record<string, Line>) : {}
    return (f.items ?? []).every((i) => lines[i.code]?.done || lines[i.code]?.na)
  }
  if (f.type === 'consent') return isMap(v) && v.given === true
  if (v === null || v === undefined || v === '') return false
  if (Array.isArray(v)) return v.length > 0
  if (isMap(v)) return Object.keys(v).length > 0
  return true
}

/** The names a form demands for these values. */
export function required(spec: FormSpec, values: Values, me: Record<string, unknown> = {}): string[] {
  const names = new Set(spec.require)
  for (const rule of spec.require_when ?? []) if (holds(rule.when, { rec: values, me })) rule.fields.forEach((f) => names.add(f))
  return [...names]
}

/** The fields still empty among those demanded. */
export const missing = (fields: FieldMeta[], names: string[], values: Values) =>
  fields.filter((f) => names.includes(f.name) && !filled(f, values[f.name]))

/** What differs; a cleared field is null. */
export function changed(now: Values, before: Values): Values {
  const out: Values = {}
  for (const k of Object.keys(now)) {
    const a = empty(now[k]) ? null : now[k]
    const b = empty(before[k]) ? null : before[k]
    if (JSON.stringify(a) !== JSON.stringify(b)) out[k] = a
  }
  return out
}
const empty = (v: unknown) => v === undefined || v === null || v === '' || (Array.isArray(v) && v.length === 0)

/** A field of a type by its name; the attributes every record has are known even when a definition does not list them. */
export function fieldOf(name: string, type: TypeMeta, meta: Meta, m: Messages): FieldMeta | undefined {
  const found = type.fields.find((f) => f.name === name)
  if (found) {
    // Impact and urgency are chosen in the words of the type's own scheme.
    const s = schemeOf(type, meta)
    if (s && name === 'impact') return { ...found, options: s.impacts }
    if (s && name === 'urgency') return { ...found, options: s.urgencies }
    return found
  }
  const scheme = schemeOf(type, meta)
  const ref = (to: string, label: string): FieldMeta => ({ name, type: 'ref', to, label })
  switch (name) {
    case 'title': return { name, type: 'text', label: m.fields.title, max_len: 200 }
    case 'description': return { name, type: 'markdown', label: m.fields.description }
    case 'customer': return ref('customer', m.fields.customer)
    case 'site': return ref('site', m.fields.site)
    case 'service': return ref('service', m.fields.service)
    case 'requester': return ref('contact', m.fields.requester)
    case 'assignee': return ref('staff', m.fields.assignee)
    case 'team': return ref('team', m.fields.team)
    case 'channel': return { name, type: 'enum', label: m.fields.channel, options: meta.channels }
    case 'priority': return { name, type: 'enum', label: m.fields.priority, options: meta.priorities }
    case 'impact': return { name, type: 'enum', label: m.fields.impact, options: scheme?.impacts ?? [] }
    case 'urgency': return { name, type: 'enum', label: m.fields.urgency, options: scheme?.urgencies ?? [] }
    case 'major': return { name, type: 'bool', label: m.fields.major }
    case 'due_at': return { name, type: 'datetime', label: m.fields.due }
    default: return undefined
  }
}

/** The priority scheme of a type. */
export const schemeOf = (type: TypeMeta, meta: Meta) => meta.schemes.find((s) => s.code === type.scheme)

/** Named fields in order, those unknown left out. */
export const fieldsOf = (names: string[], type: TypeMeta, meta: Meta, m: Messages): FieldMeta[] =>
  names.flatMap((n) => fieldOf(n, type, meta, m) ?? [])

const named = ['customer', 'site', 'service', 'requester', 'assignee', 'team'] as const

/** The value of any field of a record, as the API takes it. */
export function valueOf(record: RecordView | Summary, name: string): unknown {
  const fields = record.fields ?? {}
  if (name in fields) return fields[name]
  if ((named as readonly string[]).includes(name)) return record[name as (typeof named)[number]]?.id ?? null
  if (name === 'priority') return record.priority?.value ?? null
  return (record as unknown as Values)[name] ?? null
}

/** Names for the ids a record holds. */
export function namesOf(record: RecordView): Record<string, string> {
  const out: Record<string, string> = { ...record.refs }
  for (const n of named) {
    const r = record[n]
    if (r) out[r.id] = r.name
  }
  for (const f of record.attachments ?? []) out[f.id] = f.name
  return out
}
