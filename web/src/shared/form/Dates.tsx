import { DatePicker, TimePicker } from 'antd'
import dayjs, { type Dayjs } from 'dayjs'
import 'dayjs/locale/zh-cn'
import { useLang, useM } from '../lib/i18n'
import { Input } from '../ui/Field'
import css from './form.module.css'
import type { EditorProps } from './FormFields'

const touch = matchMedia('(pointer: coarse)').matches
const formats = { date: 'YYYY-MM-DD', datetime: 'YYYY-MM-DD HH:mm', time: 'HH:mm' } as const
const native = { date: 'date', datetime: 'datetime-local', time: 'time' } as const
const nativeFormats = { date: 'YYYY-MM-DD', datetime: 'YYYY-MM-DDTHH:mm', time: 'HH:mm' } as const
type Kind = keyof typeof formats

function read(kind: Kind, v: unknown): Dayjs | null {
  if (typeof v !== 'string' || v === '') return null
  const d = kind === 'time' ? dayjs(`2000-01-01T${v}`) : dayjs(v)
  return d.isValid() ? d : null
}
const write = (kind: Kind, d: Dayjs | null): string | null => (d === null ? null : kind === 'datetime' ? d.format('YYYY-MM-DDTHH:mm:ssZ') : d.format(formats[kind]))

interface OneProps {
  kind: Kind
  value: unknown
  onChange: (v: string | null) => void
  props: object
  placeholder?: string | undefined
  error: boolean
  autoFocus?: boolean | undefined
}

function One({ kind, value, onChange, props, placeholder, error, autoFocus }: OneProps) {
  const language = useLang()
  const m = useM()
  dayjs.locale(language === 'zh-CN' ? 'zh-cn' : 'en')
  const v = read(kind, value)
  if (touch) {
    return <Input {...props} className={css.native} type={native[kind]} autoFocus={autoFocus} value={v ? v.format(nativeFormats[kind]) : ''} onChange={(e) => onChange(write(kind, read(kind, e.target.value)))} />
  }
  const common = {
    ...props,
    className: css.full ?? '',
    value: v,
    onChange: (d: Dayjs | null) => onChange(write(kind, d)),
    format: formats[kind],
    autoFocus: !!autoFocus,
    needConfirm: false,
    preserveInvalidOnBlur: false,
    ...(error ? { status: 'error' as const } : {}),
    placeholder: placeholder || m.form.choose,
  }
  return kind === 'time' ? <TimePicker {...common} /> : <DatePicker {...common} showTime={kind === 'datetime' ? { format: 'HH:mm', defaultOpenValue: dayjs('2000-01-01T09:00') } : false} />
}

export function DateInput(p: EditorProps) {
  const kind: Kind = p.field.type === 'date' || p.field.type === 'time' ? p.field.type : 'datetime'
  return <One kind={kind} value={p.value} onChange={p.onChange} props={p.a11y} placeholder={p.field.placeholder} error={!!p.a11y['aria-invalid']} autoFocus={p.autoFocus} />
}

export function IntervalInput(p: EditorProps) {
  const m = useM()
  const v = (p.value && typeof p.value === 'object' ? p.value : {}) as { from?: string; to?: string }
  const set = (patch: Record<string, string | null>) => {
    const next = { ...v, ...patch }
    p.onChange(next.from || next.to ? next : null)
  }
  const error = !!p.a11y['aria-invalid']
  return (
    <div className={css.inline} role="group" aria-label={p.field.label}>
      <span className="grow"><One kind="datetime" value={v.from} onChange={(from) => set({ from })} props={{ ...p.a11y, 'aria-label': m.form.start }} placeholder={m.form.start} error={error} autoFocus={p.autoFocus} /></span>
      <span className="muted">–</span>
      <span className="grow"><One kind="datetime" value={v.to} onChange={(to) => set({ to })} props={{ 'aria-label': m.form.end }} placeholder={m.form.end} error={error} /></span>
    </div>
  )
}
