import type { FieldMeta, Meta, Summary, TypeMeta } from '@/api/types'
import type { Messages } from '@/locales/types'
import { plainValue } from '../form/FieldValue'
import { fieldOf } from '../form/values'
import { lang } from '../lib/i18n'
import { exact, moment } from '../lib/time'
import { nearest } from '../record/clocks'
import { Avatar } from '../ui/Person'
import { SlaCell } from '../ui/Sla'
import { StateTag } from '../ui/StateTag'
import css from './ListTable.module.css'

export interface Column {
  name: string
  label: string
  /** Fixed width in pixels; the title has none and takes what is left. */
  width: number | null
  cell: (r: Summary, now: number) => React.ReactNode
}

const base = ['number', 'title', 'customer', 'state', 'assignee', 'promise']
const widths: Record<string, number> = { number: 136, customer: 132, site: 120, service: 120, requester: 110, assignee: 104, team: 110, state: 112, promise: 186, priority: 76, level: 90, channel: 76, created_at: 118, updated_at: 118, impact: 80, urgency: 80 }

/** The columns a list shows when nobody chose: the ones every record has, with the type's own between. */
export function defaultColumns(type: TypeMeta): string[] {
  const own = type.columns.filter((c) => !base.includes(c) && c !== 'priority' && c !== 'due_at')
  return ['number', 'title', 'customer', ...own, 'state', 'assignee', 'promise']
}

/** Every column a list of this type can show. */
export function allColumns(type: TypeMeta): string[] {
  const attributes = ['site', 'service', 'requester', 'team', 'impact', 'urgency', 'level', 'channel'].filter((n) => type.fields.some((f) => f.name === n))
  return [...new Set([...base.slice(0, 3), ...attributes, ...type.columns.filter((c) => c !== 'due_at'), 'state', 'assignee', 'team', 'promise', 'created_at', 'updated_at'])]
}

export function columnOf(name: string, type: TypeMeta, meta: Meta, m: Messages): Column | null {
  const f: FieldMeta | undefined = fieldOf(name, type, meta, m)
  const words = { yes: m.app.yes, no: m.app.no, sep: m.app.listSep }
  const width = name === 'title' ? null : name === 'state' && lang() === 'en-US' ? 168 : (widths[name] ?? 120)
  const column = (label: string, cell: Column['cell']): Column => ({ name, label, width, cell })
  switch (name) {
    case 'number': return column(m.fields.number, (r) => <span className={`no ${css.number}`}>{r.number}</span>)
    case 'title': return column(f?.label ?? m.fields.title, (r) => <span className="clip">{r.title}</span>)
    case 'state': return column(m.fields.state, (r) => <StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />)
    case 'assignee': return column(f?.label ?? m.fields.assignee, (r) => (r.assignee ? <span className={css.person}><Avatar name={r.assignee.name} size={20} /><span className="clip">{r.assignee.name}</span></span> : <span className="muted">{r.team?.name ?? '—'}</span>))
    case 'promise': return column(m.fields.promise, (r) => {
      const c = nearest(r, m)
      return c ? <SlaCell c={c} /> : null
    })
    case 'customer': case 'site': case 'service': case 'requester': case 'team':
      return column(f?.label ?? m.fields[name], (r) => <span className="clip sub" title={r[name]?.name}>{r[name]?.name ?? ''}</span>)
    case 'priority': return column(m.fields.priority, (r) => r.priority?.label ?? '')
    case 'created_at': return column(m.fields.created, (r, now) => <time className="num sub clip" title={exact(r.created_at)}>{moment(r.created_at, now)}</time>)
    case 'updated_at': return column(m.fields.updated, (r, now) => <time className="num sub clip" title={exact(r.updated_at)}>{moment(r.updated_at, now)}</time>)
    default: {
      if (!f) return null
      return column(f.label, (r) => {
        const v = r.fields?.[name] ?? (r as unknown as Record<string, unknown>)[name]
        const text = plainValue(f, v, words)
        if (f.type === 'datetime' && typeof v === 'string' && v) return <time className="num sub clip" title={exact(v)}>{moment(v, Date.now())}</time>
        return <span className="clip sub" title={text}>{text}</span>
      })
    }
  }
}
