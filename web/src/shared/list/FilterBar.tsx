import { useQueries } from '@tanstack/react-query'
import { ListFilter, Plus } from 'lucide-react'
import { useRef, useState } from 'react'
import { optionsQuery } from '@/api/queries'
import { useM } from '../lib/i18n'
import { FilterToken } from '../ui/FilterToken'
import { Kbd } from '../ui/Kbd'
import { Popover } from '../ui/Popover'
import css from './FilterBar.module.css'
import { FilterEditor } from './FilterEditor'
import { keysOf, list, type FilterDef, type Filters } from './filters'

interface Props {
  defs: FilterDef[]
  filters: Filters
  onChange: (next: Filters) => void
  /** Opened by a key: which filter, or 'add'. */
  open: string | null
  onOpen: (what: string | null) => void
  end?: React.ReactNode
}

/** The filters of a list as tokens that read as a sentence. */
export function FilterBar({ defs, filters, onChange, open, onOpen, end }: Props) {
  const m = useM()
  const add = useRef<HTMLButtonElement>(null)
  const anchors = useRef(new Map<string, HTMLButtonElement>())
  const anchor = useRef<HTMLElement | null>(null)
  const [adding, setAdding] = useState<string | null>(null)
  const active = defs.filter((d) => keysOf(d).some((k) => filters[k]))
  const names = useNames(active, filters)
  const without = (d: FilterDef) => Object.fromEntries(Object.entries(filters).filter(([k]) => !keysOf(d).includes(k)))
  const editing = defs.find((d) => d.name === (open === 'add' ? adding : open))

  const value = (d: FilterDef): string => {
    if (d.name === 'open') return filters.open === 'true' ? m.list.notClosed : m.list.closed
    if (d.kind === 'flag') return filters[d.name] === 'true' ? m.app.yes : m.app.no
    if (d.kind === 'range') return [filters[d.from] && m.list.since(filters[d.from] ?? ''), filters[d.to] && m.list.until(filters[d.to] ?? '')].filter(Boolean).join(' ')
    if (d.kind === 'before' || d.kind === 'text') return filters[d.name] ?? ''
    const chosen = list(filters[d.name])
    const labels = chosen.map((v) => d.options.find((o) => o.value === v)?.label ?? names[v] ?? v)
    return labels.length <= 2 ? labels.join(m.app.listSep) : m.list.any(labels.length)
  }
  const op = (d: FilterDef) => (d.kind === 'range' ? m.list.between : d.kind === 'before' ? m.list.before : d.kind === 'text' ? m.list.contains : d.kind === 'flag' && d.name !== 'open' ? undefined : m.list.is)
  const edit = (name: string) => {
    anchor.current = anchors.current.get(name) ?? add.current
    onOpen(name)
  }
  return (
    <div className={css.bar} data-wide="">
      <ListFilter size={16} strokeWidth={1.75} className={css.icon} aria-hidden />
      <div className={css.tokens}>
        {active.map((d) => (
          <FilterToken
            key={d.name}
            ref={(el) => {
              if (el) anchors.current.set(d.name, el)
              else anchors.current.delete(d.name)
            }}
            field={d.name === 'open' ? m.fields.state : d.label}
            op={op(d)}
            value={value(d)}
            onEdit={() => edit(d.name)}
            onRemove={() => onChange(without(d))}
            removeLabel={m.list.removeFilter(d.label)}
          />
        ))}
        <button type="button" className={css.add} ref={add} onClick={() => (setAdding(null), onOpen('add'))} aria-haspopup="dialog" aria-expanded={open === 'add'}>
          <Plus size={14} strokeWidth={1.75} className={css.plus} aria-hidden />
          {m.list.addFilter}
          <Kbd k="f" />
        </button>
      </div>
      <div className={css.end}>{end}</div>
      <Popover anchor={open === 'add' ? add : anchor} open={open !== null} onClose={() => onOpen(null)} label={editing?.label ?? m.list.filterBy} width={editing ? 280 : 320} key={editing?.name ?? 'list'}>
        {editing ? (
          <FilterEditor def={editing} filters={filters} names={names} onChange={(patch) => onChange({ ...without(editing), ...patch })} onDone={() => onOpen(null)} />
        ) : (
          <ul className={css.menu}>
            {defs.map((d) => (
              <li key={d.name}>
                <button type="button" className={css.item} onClick={() => (d.kind === 'flag' ? (onChange({ ...filters, [d.name]: d.name === 'watching' ? 'me' : 'true' }), onOpen(null)) : setAdding(d.name))}>
                  {d.label}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Popover>
    </div>
  )
}

/** Names of the ids in the URL: read from the options of their kind. */
function useNames(active: FilterDef[], filters: Filters): Record<string, string> {
  const refs = active.filter((d) => d.kind === 'ref')
  const found = useQueries({ queries: refs.map((d) => ({ ...optionsQuery(d.to, ''), enabled: list(filters[d.name]).some((v) => !d.options.some((o) => o.value === v)) })) })
  return Object.fromEntries(found.flatMap((q) => (q.data ?? []).map((x) => [x.id, x.label])))
}
