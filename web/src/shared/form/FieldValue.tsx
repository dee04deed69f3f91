import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check, FileText, Minus, X } from 'lucide-react'
import { useState } from 'react'
import { api, apiUrl } from '@/api/client'
import type { FieldMeta, Option } from '@/api/types'
import { useNow } from '../lib/clock'
import { useM } from '../lib/i18n'
import { duration, exact, moment } from '../lib/time'
import { Chip } from '../ui/Chip'
import { Markdown } from '../ui/Markdown'
import { toast } from '../ui/Toast'
import css from './FieldValue.module.css'
import { filled } from './values'

interface Props {
  field: FieldMeta
  value: unknown
  /** Names of ids. */
  names?: Record<string, string>
  /** Where a secret is read from: `/incidents/INC-…`. */
  path?: string
}

const parties = ['person', 'staff', 'contact', 'organisation', 'customer', 'supplier', 'site', 'team', 'service']
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : v === null || v === undefined || v === '' ? [] : [v])
const map = (v: unknown): Record<string, unknown> => (v && typeof v === 'object' ? (v as Record<string, unknown>) : {})
const label = (options: Option[] | undefined, v: unknown) => options?.find((o) => o.value === v)?.label ?? String(v)

function path(options: Option[] | undefined, v: unknown): string {
  const found = options?.find((o) => o.value === v)
  if (!found) return String(v)
  return found.parent ? `${path(options, found.parent)} / ${found.label}` : found.label
}

/** A field as text: how every page shows what a field holds. */
export function FieldValue({ field: f, value: v, names = {}, path: at }: Props) {
  const m = useM()
  const now = useNow()
  if (f.type === 'checklist' || f.type === 'signoffs') return <Lines field={f} value={v} />
  if (f.type === 'consent') return <Consent field={f} value={v} />
  if (f.type === 'secret') return map(v).set || (typeof v === 'string' && v) ? <Secret field={f} path={at} /> : <Nothing />
  if (!filled(f, v) && v !== false && v !== 0) return <Nothing />
  switch (f.type) {
    case 'markdown': return <Markdown text={String(v)} />
    case 'number': return <span className="num">{Number(v).toLocaleString()}{f.unit ? ` ${f.unit}` : ''}</span>
    case 'money': return <span className="num">{[f.currency, v].filter(Boolean).join(' ')}</span>
    case 'bool': return <>{v ? m.app.yes : m.app.no}</>
    case 'date': return <span className="num">{String(v)}</span>
    case 'datetime': return <time className="num" title={exact(String(v))}>{moment(String(v), now)}</time>
    case 'duration': return <span className="num">{duration(Number(v) * 1000)}</span>
    case 'enum': return <>{list(v).map((x) => label(f.options, x)).join(m.app.listSep)}</>
    case 'tree': return <>{list(v).map((x) => path(f.options, x)).join(m.app.listSep)}</>
    case 'ref': return <>{list(v).map((x, i) => <span key={String(x)}>{i > 0 && m.app.listSep}<RefName to={f.to} id={String(x)} name={names[String(x)]} /></span>)}</>
    case 'files': return <span className={css.files}>{list(v).map((x) => <FileChip key={String(x)} id={String(x)} name={names[String(x)] ?? String(x)} />)}</span>
    case 'table': return <Rows field={f} rows={list(v) as Record<string, unknown>[]} names={names} />
    case 'signature': return <Signature value={map(v)} />
    case 'rating': return v === 'declined' ? <>{m.form.declined}</> : <span className="num">{m.form.rating(Number(v), f.scale || 5)}</span>
    case 'geo': return <span className="num">{`${String(map(v).lat)}, ${String(map(v).lng)}`}</span>
    case 'interval': return <span className="num">{moment(String(map(v).from), now)} – {moment(String(map(v).to), now)}</span>
    case 'phone': return <a className="num" href={`tel:${String(v)}`}>{String(v)}</a>
    case 'email': return <a href={`mailto:${String(v)}`}>{String(v)}</a>
    case 'link': return <a href={String(v)} target="_blank" rel="noreferrer noopener">{String(v)}</a>
    default: return <>{String(v)}</>
  }
}

/** One line of plain text, for lists. */
export function plainValue(f: FieldMeta, v: unknown, words: { yes: string; no: string; sep: string }, names: Record<string, string> = {}): string {
  if (v === null || v === undefined || v === '') return ''
  if (f.type === 'enum') return list(v).map((x) => label(f.options, x)).join(words.sep)
  if (f.type === 'tree') return list(v).map((x) => path(f.options, x)).join(words.sep)
  if (f.type === 'bool') return v ? words.yes : words.no
  if (f.type === 'ref') return list(v).map((x) => names[String(x)] ?? (x as { name?: string }).name ?? String(x)).join(words.sep)
  if (f.type === 'duration') return duration(Number(v) * 1000)
  if (typeof v === 'object') return ''
  return String(v)
}

function Nothing() {
  const m = useM()
  return <span className="muted">{m.record.empty}</span>
}

function RefName({ to, id, name }: { to?: string | undefined; id: string; name?: string | undefined }) {
  if (to && !parties.includes(to)) return <Link to="/r/$number" params={{ number: id }}>{name ?? id}</Link>
  return <>{name ?? id}</>
}

/** A file as a chip that downloads it. */
export function FileChip({ id, name, size }: { id: string; name: string; size?: number }) {
  const m = useM()
  return (
    <a className={css.file} href={apiUrl(`/files/${id}`)} download={name} title={m.file.download(name)}>
      <FileText size={14} strokeWidth={1.75} aria-hidden />
      <span className="clip">{name}</span>
      {size !== undefined && <span className="muted num">{fileSize(size)}</span>}
    </a>
  )
}

export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

function Lines({ field: f, value }: { field: FieldMeta; value: unknown }) {
  const m = useM()
  const now = useNow()
  const lines = map(value) as Record<string, { done?: boolean; na?: boolean; note?: string; name?: string; at?: string }>
  return (
    <ul className={css.lines}>
      {(f.items ?? []).map((i) => {
        const line = lines[i.code]
        return (
          <li key={i.code}>
            {line?.done ? <Check size={14} strokeWidth={2} className={css.yes} aria-label={m.form.done} /> : line?.na ? <Minus size={14} aria-label={m.form.notApplicable} /> : <span className={css.box} />}
            <span>
              {i.label}
              {line?.na && <span className="muted"> {m.form.notApplicable}</span>}
              {line?.note && <span className="sub"> {line.note}</span>}
              {line?.name && line.at && <span className="muted num"> {line.name} {moment(line.at, now)}</span>}
            </span>
          </li>
        )
      })}
    </ul>
  )
}

function Consent({ field: f, value }: { field: FieldMeta; value: unknown }) {
  const m = useM()
  const now = useNow()
  const v = map(value)
  if (v.given === undefined) return <Nothing />
  return (
    <span className={css.consent}>
      {v.given ? <Check size={14} strokeWidth={2} className={css.yes} aria-hidden /> : <X size={14} strokeWidth={2} aria-hidden />}
      <span>
        {v.given ? m.form.given : m.form.notGiven}
        <span className="muted num">
          {' '}
          {[v.name ?? v.by, v.how && (m.form.consentHows[String(v.how)] ?? String(v.how)), v.at && moment(String(v.at), now)].filter(Boolean).join(' · ')}
        </span>
        {Array.isArray(v.covers) && <span className={css.files}>{v.covers.map((c) => <Chip key={String(c)}>{f.covers?.find((x) => x.code === c)?.label ?? String(c)}</Chip>)}</span>}
      </span>
    </span>
  )
}

function Secret({ field, path: at }: { field: FieldMeta; path?: string | undefined }) {
  const m = useM()
  const [shown, setShown] = useState(false)
  const secret = useQuery({
    queryKey: ['secret', at, field.name],
    queryFn: () => api.get<{ value: string }>(`${at}/secrets/${field.name}`),
    enabled: shown && !!at,
    gcTime: 0,
    retry: false,
    throwOnError: (e) => (toast(e.message), setShown(false), false),
  })
  return (
    <span className="row">
      {shown && secret.data ? <code>{secret.data.value}</code> : <span className="muted">{m.record.secretSet}</span>}
      {at && <button type="button" className={css.link} onClick={() => setShown(!shown)}>{shown ? m.record.secretHide : m.record.secretShow}</button>}
    </span>
  )
}

function Signature({ value }: { value: Record<string, unknown> }) {
  const now = useNow()
  const image = typeof value.image === 'string' ? value.image : ''
  return (
    <span className={css.signature}>
      {image && <img src={image.startsWith('data:') ? image : apiUrl(`/files/${image}`)} alt="" />}
      <span className="muted num">{[value.name ?? value.by, value.at && moment(String(value.at), now)].filter(Boolean).join(' · ')}</span>
      {typeof value.hash === 'string' && <code className="muted">{value.hash.slice(0, 8)}</code>}
    </span>
  )
}

function Rows({ field: f, rows, names }: { field: FieldMeta; rows: Record<string, unknown>[]; names: Record<string, string> }) {
  return (
    <div className={css.tableWrap}>
      <table className={css.table}>
        <thead><tr>{(f.columns ?? []).map((c) => <th key={c.name} scope="col">{c.label}</th>)}</tr></thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>{(f.columns ?? []).map((c) => <td key={c.name}><FieldValue field={c} value={row[c.name]} names={names} /></td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
