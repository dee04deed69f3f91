import { Plus, Trash2 } from 'lucide-react'
import { useId } from 'react'
import type { FieldMeta } from '@/api/types'
import { useNow } from '../lib/clock'
import { useM } from '../lib/i18n'
import { moment } from '../lib/time'
import { Button, IconButton } from '../ui/Button'
import { Checkbox } from '../ui/Checkbox'
import { Choices } from '../ui/Choices'
import { Input } from '../ui/Field'
import css from './form.module.css'
import { FieldEditor, type EditorProps } from './FormFields'

type Lines = Record<string, { done?: boolean; na?: boolean; note?: string; name?: string; at?: string } | null>
const asLines = (v: unknown) => (v && typeof v === 'object' ? (v as Lines) : {})

/** Lines to tick off; "not applicable" is an answer too. */
export function Checklist({ field: f, value, onChange, a11y }: EditorProps) {
  const m = useM()
  const lines = asLines(value)
  const items = f.items ?? []
  const set = (code: string, line: { done: boolean; na?: boolean } | null) => onChange({ ...lines, [code]: line })
  const done = items.filter((i) => lines[i.code]?.done || lines[i.code]?.na).length
  return (
    <>
      <ul className={css.lines} id={a11y.id} aria-label={f.label}>
        {items.map((i) => (
          <li key={i.code}>
            <Checkbox label={i.label} checked={!!lines[i.code]?.done} onChange={(e) => set(i.code, { done: e.target.checked })} />
            <span className={css.end}>
              <Checkbox label={m.form.notApplicable} checked={!!lines[i.code]?.na} onChange={(e) => set(i.code, e.target.checked ? { done: false, na: true } : null)} />
            </span>
          </li>
        ))}
      </ul>
      <div className={css.tally}>{m.form.of(done, items.length)}</div>
    </>
  )
}

/** Each line is signed by who may; who and when is kept by the server. */
export function Signoffs({ field: f, value, onChange, a11y }: EditorProps) {
  const now = useNow()
  const lines = asLines(value)
  return (
    <ul className={css.lines} id={a11y.id} aria-label={f.label}>
      {(f.items ?? []).map((i) => {
        const line = lines[i.code]
        return (
          <li key={i.code}>
            <Checkbox label={i.label} checked={!!line?.done} onChange={(e) => onChange({ ...lines, [i.code]: { done: e.target.checked } })} />
            {line?.name && line.at && <span className={`${css.end} num`}>{line.name} {moment(line.at, now)}</span>}
          </li>
        )
      })}
    </ul>
  )
}

const hows = ['phone', 'face', 'written', 'mail', 'im']

/** Whose consent it is, how it was given, and what it covers. */
export function Consent({ field: f, value, onChange, a11y, errors }: EditorProps) {
  const m = useM()
  const v = (value && typeof value === 'object' ? value : {}) as { given?: boolean; by?: string; name?: string; how?: string; covers?: string[]; note?: string }
  const set = (patch: Partial<typeof v>) => {
    const { given, by, how, covers, note } = { ...v, ...patch }
    onChange({ given: given ?? false, ...(by ? { by } : {}), ...(how ? { how } : {}), ...(covers?.length ? { covers } : {}), ...(note ? { note } : {}) })
  }
  const covers = v.covers ?? []
  const part = (k: string) => errors?.[`${f.name}.${k}`]
  const byId = useId()
  return (
    <div className={css.consent} id={a11y.id} role="group" aria-label={f.label}>
      <Choices label={f.label} options={[{ value: 'yes', label: m.form.given }, { value: 'no', label: m.form.notGiven }]} value={v.given === true ? 'yes' : v.given === false ? 'no' : null} onChange={(x) => (x === null ? onChange(null) : set({ given: x === 'yes' }))} clearable />
      {v.given && (
        <>
          {(f.covers?.length ?? 0) > 0 && (
            <div className={css.inline}>
              {f.covers?.map((c) => (
                <Checkbox key={c.code} label={c.label} checked={covers.includes(c.code)} onChange={(e) => set({ covers: e.target.checked ? [...covers, c.code] : covers.filter((x) => x !== c.code) })} />
              ))}
              {part('covers') && <span className={css.cellError}>{part('covers')}</span>}
            </div>
          )}
          <div className={css.pair}>
            <div>
              <label className={css.small} htmlFor={byId}>{m.form.consentBy}</label>
              <Input id={byId} value={v.by ?? v.name ?? ''} onChange={(e) => set({ by: e.target.value })} maxLength={100} />
              {part('by') && <span className={css.cellError}>{part('by')}</span>}
            </div>
            <div>
              <span className={css.small}>{m.form.consentHow}</span>
              <Choices label={m.form.consentHow} options={hows.map((h) => ({ value: h, label: m.form.consentHows[h] ?? h }))} value={v.how} onChange={(x) => set({ how: x ?? '' })} />
              {part('how') && <span className={css.cellError}>{part('how')}</span>}
            </div>
          </div>
        </>
      )}
    </div>
  )
}

/** Rows of cells, each cell edited by its own type. */
export function TableEditor({ field: f, value, onChange, names, customer, errors, a11y }: EditorProps) {
  const m = useM()
  const rows = Array.isArray(value) ? (value as Record<string, unknown>[]) : []
  const columns = f.columns ?? []
  const setCell = (i: number, c: FieldMeta, v: unknown) => onChange(rows.map((r, j) => (j === i ? { ...r, [c.name]: v } : r)))
  const max = f.max ?? 500
  return (
    <div id={a11y.id} role="group" aria-label={f.label}>
      <div className={css.tableWrap}>
        {rows.length === 0 ? (
          <div className={css.none}>{m.form.noRows}</div>
        ) : (
          <table className={css.table}>
            <thead>
              <tr>
                {columns.map((c) => <th key={c.name} scope="col">{c.label}{c.required && ' *'}</th>)}
                <th><span className="sr">{m.form.removeRow}</span></th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, i) => (
                <tr key={i}>
                  {columns.map((c) => {
                    const path = `${f.name}[${i}].${c.name}`
                    const error = errors?.[path]
                    return (
                      <td key={c.name} aria-label={c.label}>
                        <FieldEditor field={c} value={row[c.name]} onChange={(v) => setCell(i, c, v)} a11y={{ id: `${a11y.id}-${i}-${c.name}`, ...(error ? { 'aria-invalid': true as const } : {}) }} names={names} customer={customer} errors={errors} />
                        {error && <div className={css.cellError}>{error}</div>}
                      </td>
                    )
                  })}
                  <td className={css.tight}>
                    <IconButton small label={`${m.form.removeRow}: ${m.form.row(i + 1)}`} icon={<Trash2 size={14} strokeWidth={1.75} />} onClick={() => onChange(rows.filter((_, j) => j !== i))} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      {rows.length < max && <Button size="small" className={css.add} icon={<Plus size={14} strokeWidth={1.75} />} onClick={() => onChange([...rows, {}])}>{m.form.addRow}</Button>}
    </div>
  )
}
