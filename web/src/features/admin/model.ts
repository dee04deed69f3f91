import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { entriesQuery, type Head } from '@/api/party'
import type { Query } from '@/api/client'
import type { FieldMeta, Option } from '@/api/types'
import type { Messages } from '@/locales/types'
import type { Values } from '@/shared/form/values'

const options = (labels: Record<string, string>): Option[] => Object.entries(labels).map(([value, label]) => ({ value, label }))

const text = (name: string, label: string, max_len = 200, more: Partial<FieldMeta> = {}): FieldMeta => ({ name, type: 'text', label, max_len, ...more })
const ref = (name: string, label: string, to: string, more: Partial<FieldMeta> = {}): FieldMeta => ({ name, type: 'ref', to, label, ...more })
const pick = (name: string, label: string, labels: Record<string, string>, more: Partial<FieldMeta> = {}): FieldMeta => ({ name, type: 'enum', label, options: options(labels), ...more })

/** What can be entered about each kind of entry. */
export const fieldsOf = {
  person: (m: Messages, side: string, isNew: boolean): FieldMeta[] => {
    const f = m.admin.fields, h = m.admin.hints
    const customer = side === 'customer'
    return [
      ...(isNew ? [ref('organisation', f.organisation, 'organisation')] : []),
      text('name', f.name),
      text('form_of_address', f.form_of_address, 60, { help: h.form_of_address }),
      text('position', f.position, 100),
      { name: 'phone', type: 'phone', label: f.phone, max_len: 40, help: h.phone },
      { name: 'phone2', type: 'phone', label: f.phone2, max_len: 40 },
      { name: 'email', type: 'email', label: f.email, max_len: 254 },
      ...(customer
        ? [pick('contact_roles', f.contact_roles, m.admin.contactRoles, { multiple: true }), ref('sites', f.sites, 'site', { multiple: true })]
        : [text('employee_number', f.employee_number, 60), ref('superior', f.superior, 'person'), ref('department', f.department, 'department'), { name: 'outsourced', type: 'bool' as const, label: f.outsourced, required: true }]),
      text('english_name', f.english_name),
      pick('language', f.language, m.admin.langs),
      text('zone', f.zone, 60, { help: h.zone }),
    ]
  },
  organisation: (m: Messages, kind: string, isNew: boolean): FieldMeta[] => {
    const f = m.admin.fields
    return [
      ...(isNew ? [pick('kind', f.side, { customer: m.admin.sides.customer ?? '', supplier: m.admin.sides.supplier ?? '' }, { required: true })] : []),
      text('name', f.title),
      text('short_name', f.short_name, 100),
      text('code', f.code, 60),
      ...(kind === 'customer' ? [pick('customer_class', f.customer_class, { A: 'A', B: 'B', C: 'C' })] : []),
      { name: 'phone', type: 'phone', label: f.phone, max_len: 40 },
      text('address', f.address, 500),
      text('note', f.note, 4000),
    ]
  },
  site: (m: Messages): FieldMeta[] => {
    const f = m.admin.fields, h = m.admin.hints
    return [
      text('name', f.title), text('code', f.code, 60), text('kind', f.kind, 60, { help: h.siteKind }), text('address', f.address, 500), { name: 'phone', type: 'phone', label: f.phone, max_len: 40, help: h.phone },
      text('geo', f.geo, 60, { help: h.geo }), text('zone', f.zone, 60, { help: h.zone }), text('note', f.note, 4000),
    ]
  },
  service: (m: Messages): FieldMeta[] => {
    const f = m.admin.fields, h = m.admin.hints
    return [text('name', f.title), text('code', f.code, 60), text('kind', f.kind, 60, { help: h.serviceKind }), ref('sites', f.usedSites, 'site', { multiple: true, help: h.usedSites }), text('note', f.note, 4000)]
  },
  department: (m: Messages): FieldMeta[] => {
    const f = m.admin.fields
    return [text('name', f.title), text('code', f.code, 60), ref('parent', f.parent, 'department'), ref('head', f.head, 'person')]
  },
  team: (m: Messages): FieldMeta[] => {
    const f = m.admin.fields
    return [
      text('name', f.title), text('code', f.code, 60), pick('tier', f.tier, m.admin.tiers), ref('members', f.members, 'staff', { multiple: true }), ref('lead', f.lead, 'staff'), ref('manager', f.manager, 'staff'),
      { name: 'resident', type: 'bool', label: f.resident, required: true }, ref('customer', f.customer, 'customer'), text('project', f.project, 40),
    ]
  },
  dedicated: (m: Messages, isNew: boolean): FieldMeta[] => {
    const f = m.admin.fields, h = m.admin.hints
    return [...(isNew ? [ref('customer', f.customer, 'customer', { help: h.dedicated }), ref('service', f.service, 'service'), ref('site', f.site, 'site')] : []), ref('person', f.person, 'staff'), text('note', f.note, 4000)]
  },
}

/** Values of an entry as a form takes them: ids instead of names, nothing for what is empty. */
export function valuesOf(entry: object, fields: FieldMeta[]): Values {
  const from = entry as Values
  return Object.fromEntries(
    fields.map((f) => {
      const v = from[f.name]
      if (Array.isArray(v)) return [f.name, v.length ? v.map((x: unknown) => (x && typeof x === 'object' && 'id' in x ? (x as { id: string }).id : x)) : null]
      return [f.name, v === '' || v === undefined ? null : v]
    }),
  )
}

/** Names of everything an entry points to. */
export function namesIn(entry: object): Record<string, string> {
  const out: Record<string, string> = {}
  const from = entry as Values
  for (const [k, v] of Object.entries(from)) {
    if (Array.isArray(v)) for (const x of v) if (x && typeof x === 'object' && 'id' in x && 'name' in x) out[String(x.id)] = String(x.name)
    const name = from[`${k}_name`]
    if (typeof v === 'string' && v && typeof name === 'string') out[v] = name
  }
  return out
}

/** As the server takes it: a cleared text is "", a cleared list is []. */
export function forServer(values: Values, fields: FieldMeta[]): Values {
  return Object.fromEntries(Object.entries(values).map(([k, v]) => [k, v !== null && v !== undefined ? v : fields.find((f) => f.name === k)?.multiple ? [] : fields.find((f) => f.name === k)?.type === 'bool' ? false : '']))
}

/** All loaded rows of a list, and how to get more. */
export function useEntries<T>(path: string, query: Query) {
  const q = useInfiniteQuery({ ...entriesQuery<T>(path, query), placeholderData: (old) => old })
  return {
    rows: q.data?.pages.flatMap((p) => p.items),
    error: q.isError ? q.error : undefined,
    retry: () => void q.refetch(),
    more: q.hasNextPage ? { busy: q.isFetchingNextPage, load: () => void q.fetchNextPage() } : null,
  }
}

/** Marks lists and entries as changed. */
export function useStaleEntries() {
  const client = useQueryClient()
  return (...paths: string[]) => client.invalidateQueries({ predicate: (q) => paths.some((p) => q.queryKey[0] === `entries:${p}`) || q.queryKey[0] === 'options' })
}

export const inactive = (e: Head) => e.status !== 'active'
