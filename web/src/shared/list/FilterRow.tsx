import { useQueries } from '@tanstack/react-query'
import { ListFilter } from 'lucide-react'
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { api } from '@/api/client'
import type { FieldMeta } from '@/api/types'
import { FieldEditor } from '../form/FormFields'
import { useM } from '../lib/i18n'
import { Button } from '../ui/Button'
import { Input } from '../ui/Field'
import css from './FilterRow.module.css'
import type { Filters } from './filters'

const paths: Record<string, string> = { person: '/people', staff: '/people', contact: '/people', organisation: '/organisations', customer: '/organisations', supplier: '/organisations', site: '/sites', team: '/teams', service: '/services', department: '/departments' }

/** Names of the ids that stand in the URL. */
function useNames(fields: FieldMeta[], filters: Filters): Record<string, string> {
  const wanted = fields.flatMap((f) => {
    const path = f.type === 'ref' && f.to ? paths[f.to] : undefined
    const id = filters[f.name]
    return path && id ? [{ path, id }] : []
  })
  const found = useQueries({ queries: wanted.map(({ path, id }) => ({ queryKey: [`entries:${path}`, 'one', id], queryFn: () => api.get<{ id: string; name: string }>(`${path}/${encodeURIComponent(id)}`), staleTime: 60_000, retry: false })) })
  return Object.fromEntries(found.flatMap((q) => (q.data ? [[q.data.id, q.data.name]] : [])))
}

const without = (filters: Filters, name: string): Filters => Object.fromEntries(Object.entries(filters).filter(([k]) => k !== name))

interface Props {
  /** Whether there is a text search, and what it looks through. */
  search?: string
  fields: FieldMeta[]
  filters: Filters
  onChange: (next: Filters) => void
  end?: ReactNode
}

/** Filters of a list that is no record list: one value each, kept in the URL. */
export function FilterRow({ search, fields, filters, onChange, end }: Props) {
  const m = useM()
  const id = useId()
  const names = useNames(fields, filters)
  const [text, setText] = useState(filters.q ?? '')
  const sent = useRef(filters.q ?? '')
  const [open, setOpen] = useState(false)
  const latest = useRef({ filters, onChange })
  useEffect(() => {
    latest.current = { filters, onChange }
  })
  useEffect(() => {
    if ((filters.q ?? '') !== sent.current) {
      sent.current = filters.q ?? ''
      setText(sent.current)
    }
  }, [filters.q])
  useEffect(() => {
    if (text.trim() === sent.current) return
    const timer = setTimeout(() => {
      sent.current = text.trim()
      const rest = without(latest.current.filters, 'q')
      latest.current.onChange(sent.current ? { ...rest, q: sent.current } : rest)
    }, 250)
    return () => clearTimeout(timer)
  }, [text])
  const set = (name: string, v: unknown) => {
    const rest = without(filters, name)
    onChange(v === null || v === undefined || v === '' ? rest : { ...rest, [name]: String(v) })
  }
  const count = fields.filter((f) => filters[f.name]).length
  return (
    <div className={css.bar} role="search" data-open={open ? '' : undefined}>
      {search && <Input type="search" className={css.search} value={text} onChange={(e) => setText(e.target.value)} placeholder={search} aria-label={search} maxLength={100} />}
      <Button className={css.toggle} aria-expanded={open} icon={<ListFilter size={15} strokeWidth={1.75} />} onClick={() => setOpen(!open)}>{m.list.filterBy}{count > 0 && ` ${count}`}</Button>
      {fields.map((f) => (
        <div key={f.name} className={css.filter}>
          <span id={`${id}-${f.name}-l`}>{f.label}</span>
          <FieldEditor field={f} value={f.type === 'bool' ? (filters[f.name] ? filters[f.name] === 'true' : null) : (filters[f.name] ?? null)} onChange={(v) => set(f.name, v)} a11y={{ id: `${id}-${f.name}`, 'aria-labelledby': `${id}-${f.name}-l` } as { id: string }} names={names} />
        </div>
      ))}
      {Object.keys(filters).length > 0 && <Button kind="quiet" onClick={() => onChange({})}>{m.list.clear}</Button>}
      {end && <span className={css.end}>{end}</span>}
    </div>
  )
}

/** Keeps of a URL's search what the list knows, as text. */
export const filtersOf = (s: Record<string, unknown>, names: string[]): Filters =>
  Object.fromEntries(names.flatMap((n) => (s[n] !== undefined && s[n] !== null && s[n] !== '' ? [[n, String(s[n])]] : [])))
