import { lazy, Suspense } from 'react'
import type { FieldMeta } from '@/api/types'
import { useM } from '../lib/i18n'
import { Field } from '../ui/Field'
import { Choices } from '../ui/Choices'
import { Checklist, Consent, Signoffs, TableEditor } from './parts'
import { Amount, Duration, Geo, Line, Many, Rating, SecretInput, YesNo } from './simple'
import css from './form.module.css'
import type { Values } from './values'

const Pickers = () => import('./Pickers')
const OptionPicker = lazy(() => Pickers().then((x) => ({ default: x.OptionPicker })))
const TreePicker = lazy(() => Pickers().then((x) => ({ default: x.TreePicker })))
const RefPicker = lazy(() => Pickers().then((x) => ({ default: x.RefPicker })))
const Dates = () => import('./Dates')
const DateInput = lazy(() => Dates().then((x) => ({ default: x.DateInput })))
const IntervalInput = lazy(() => Dates().then((x) => ({ default: x.IntervalInput })))
const Files = lazy(() => import('./Files').then((x) => ({ default: x.Files })))
const Signature = lazy(() => import('./Signature').then((x) => ({ default: x.Signature })))

export interface EditorProps {
  field: FieldMeta
  value: unknown
  onChange: (value: unknown) => void
  /** For labels and errors: put on the control. */
  a11y: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true; 'aria-required'?: true }
  /** Names of ids already known. */
  names?: Record<string, string> | undefined
  /** References are looked for within this customer. */
  customer?: string | undefined
  autoFocus?: boolean | undefined
  /** Messages for parts of a value by their path, `steps[0].step`. */
  errors?: Record<string, string> | undefined
}

/** The editor of one field, whatever its type. Used by forms, transitions, in-place edits and filters alike. */
export function FieldEditor(props: EditorProps) {
  return <Suspense fallback={<span className={css.waiting} />}><Pick {...props} /></Suspense>
}

function Pick(p: EditorProps) {
  const f = p.field
  const options = f.options ?? []
  switch (f.type) {
    case 'markdown': return <Line {...p} lines />
    case 'number': case 'money': return <Amount {...p} />
    case 'bool': return <YesNo {...p} />
    case 'date': case 'time': case 'datetime': return <DateInput {...p} />
    case 'interval': return <IntervalInput {...p} />
    case 'duration': return <Duration {...p} />
    case 'enum':
      if (f.multiple) return options.length <= 8 ? <Many {...p} /> : <OptionPicker {...p} />
      return options.length > 0 && options.length < 5
        ? <Choices id={p.a11y.id} label={f.label} options={options} value={p.value as string | null} onChange={p.onChange} invalid={p.a11y['aria-invalid']} clearable={!f.required} />
        : <OptionPicker {...p} />
    case 'tree': return <TreePicker {...p} />
    case 'ref': return <RefPicker {...p} />
    case 'files': return <Files {...p} />
    case 'table': return <TableEditor {...p} />
    case 'checklist': return <Checklist {...p} />
    case 'signoffs': return <Signoffs {...p} />
    case 'consent': return <Consent {...p} />
    case 'signature': return <Signature {...p} />
    case 'secret': return <SecretInput {...p} />
    case 'rating': return <Rating {...p} />
    case 'geo': return <Geo {...p} />
    default: return <Line {...p} />
  }
}

interface Props {
  fields: FieldMeta[]
  /** Names that must be filled now. */
  required: string[]
  values: Values
  errors?: Record<string, string>
  onChange: (name: string, value: unknown) => void
  names?: Record<string, string>
  customer?: string | undefined
  stacked?: boolean
  /** No headings: for the few fields of a step. */
  plain?: boolean
  /** Which field takes the focus first. */
  focus?: string | undefined
}

/** The one form: fields in their order, by group, with errors where they belong. */
export function FormFields({ fields, required, values, errors = {}, onChange, names, customer, stacked, plain, focus }: Props) {
  const groups: { label: string; fields: FieldMeta[] }[] = []
  for (const f of fields) {
    const label = plain ? '' : (f.group ?? '')
    const group = groups.find((g) => g.label === label)
    if (group) group.fields.push(f)
    else groups.push({ label, fields: [f] })
  }
  return (
    <div className={css.form}>
      {groups.map((g, i) => (
        <div key={`${g.label}${i}`} className={css.group} role="group" aria-label={g.label || undefined}>
          {g.label && groups.length > 1 && <h3 className={css.title}>{g.label}</h3>}
          {g.fields.map((f) => (
            <Row key={f.name} field={f} required={required.includes(f.name)} value={values[f.name]} errors={errors} onChange={onChange} names={names} customer={customer} stacked={!!stacked} autoFocus={focus === f.name} />
          ))}
        </div>
      ))}
    </div>
  )
}

interface RowProps {
  field: FieldMeta
  required: boolean
  value: unknown
  errors: Record<string, string>
  onChange: (name: string, value: unknown) => void
  names?: Record<string, string> | undefined
  customer?: string | undefined
  stacked: boolean
  autoFocus: boolean
}

function Row({ field: f, required, value, errors, onChange, names, customer, stacked, autoFocus }: RowProps) {
  const m = useM()
  const own = errors[f.name]
  // A fault inside a part that does not show it itself is said at the field.
  const inner = own ? undefined : Object.entries(errors).find(([k]) => k.startsWith(`${f.name}.`) || k.startsWith(`${f.name}[`))?.[1]
  const range = f.type === 'number' && f.min != null && f.max != null ? m.form.range(String(f.min), String(f.max)) : undefined
  return (
    <Field label={f.label} required={required} hint={f.help || range} error={own ?? inner} stacked={stacked} name={f.name}>
      {(a11y) => (
        <FieldEditor field={required ? { ...f, required: true } : f} value={value} onChange={(v) => onChange(f.name, v)} a11y={a11y} names={names} customer={customer} autoFocus={autoFocus} errors={errors} />
      )}
    </Field>
  )
}

/** Moves the focus to a field by its name: for "still missing" links and after a refused send. */
export function focusField(name: string, root: ParentNode = document) {
  const el = root.querySelector<HTMLElement>(`[data-field="${CSS.escape(name.split(/[.[]/)[0] ?? name)}"]`)
  el?.scrollIntoView({ block: 'center', behavior: 'smooth' })
  el?.querySelector<HTMLElement>('input, textarea, select, [role=radio][tabindex="0"], [role=combobox], button')?.focus({ preventScroll: true })
}
