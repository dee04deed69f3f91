import { LocateFixed } from 'lucide-react'
import { useState, type KeyboardEvent } from 'react'
import { useM } from '../lib/i18n'
import { Button } from '../ui/Button'
import { Checkbox } from '../ui/Checkbox'
import { Choices } from '../ui/Choices'
import { Input, TextArea } from '../ui/Field'
import css from './form.module.css'
import type { EditorProps } from './FormFields'

const text = (v: unknown) => (v === null || v === undefined ? '' : String(v))
const orNull = (s: string) => (s === '' ? null : s)
const inputTypes: Record<string, string> = { phone: 'tel', email: 'email', link: 'url' }

/** Text, phone, e-mail, link; with `lines` a text area. */
export function Line({ field: f, value, onChange, a11y, autoFocus, lines }: EditorProps & { lines?: boolean }) {
  const m = useM()
  const long = lines || (f.type === 'text' && (f.max_len ?? 0) > 200)
  const common = { ...a11y, value: text(value), autoFocus, maxLength: f.max_len || undefined, placeholder: f.placeholder }
  const near = !!f.max_len && text(value).length > f.max_len * 0.8
  return (
    <>
      {long ? (
        <TextArea {...common} rows={lines ? 4 : 2} onChange={(e) => onChange(orNull(e.target.value))} />
      ) : (
        <Input {...common} type={inputTypes[f.type] ?? 'text'} onChange={(e) => onChange(orNull(e.target.value))} />
      )}
      {near && <div className={css.count}>{m.form.chars(text(value).length, f.max_len ?? 0)}</div>}
    </>
  )
}

/** A number with its unit; money stays text so that no digit is lost. */
export function Amount({ field: f, value, onChange, a11y, autoFocus }: EditorProps) {
  const [draft, setDraft] = useState<string | null>(null)
  const take = (s: string) => {
    const clean = s.replace(/[，,\s]/g, '')
    setDraft(s)
    if (f.type === 'money') return onChange(orNull(clean))
    const n = Number(clean)
    onChange(clean === '' ? null : Number.isFinite(n) ? n : clean)
  }
  return (
    <div className={css.amount}>
      {f.type === 'money' && f.currency && <span className={css.unit}>{f.currency}</span>}
      <Input {...a11y} inputMode="decimal" autoFocus={autoFocus} placeholder={f.placeholder} value={draft ?? text(value)} onChange={(e) => take(e.target.value)} onBlur={() => setDraft(null)} />
      {f.unit && <span className={css.unit}>{f.unit}</span>}
    </div>
  )
}

export function YesNo({ field: f, value, onChange, a11y }: EditorProps) {
  const m = useM()
  return (
    <Choices
      id={a11y.id}
      label={f.label}
      options={[{ value: 'true', label: m.app.yes }, { value: 'false', label: m.app.no }]}
      value={value === true ? 'true' : value === false ? 'false' : null}
      onChange={(v) => onChange(v === null ? null : v === 'true')}
      clearable={!f.required}
      invalid={a11y['aria-invalid']}
    />
  )
}

/** Several of a few options. */
export function Many({ field: f, value, onChange, a11y }: EditorProps) {
  const chosen = Array.isArray(value) ? (value as string[]) : []
  return (
    <div className={css.inline} role="group" aria-label={f.label} id={a11y.id}>
      {(f.options ?? []).map((o) => (
        <Checkbox key={o.value} label={o.label} checked={chosen.includes(o.value)} onChange={(e) => onChange(e.target.checked ? [...chosen, o.value] : chosen.filter((x) => x !== o.value))} />
      ))}
    </div>
  )
}

/** Hours and minutes; stored as whole seconds. */
export function Duration({ field: f, value, onChange, a11y, autoFocus }: EditorProps) {
  const m = useM()
  const total = typeof value === 'number' ? value : null
  const h = total === null ? '' : String(Math.floor(total / 3600))
  const min = total === null ? '' : String(Math.round((total % 3600) / 60))
  const set = (hours: string, minutes: string) => onChange(hours === '' && minutes === '' ? null : (Number(hours) || 0) * 3600 + (Number(minutes) || 0) * 60)
  return (
    <div className={css.inline} role="group" aria-label={f.label}>
      <Input {...a11y} className={css.short} inputMode="numeric" autoFocus={autoFocus} value={h} onChange={(e) => set(e.target.value.replace(/\D/g, ''), min)} />
      <span className={css.unit}>{m.form.hours}</span>
      <Input className={css.short} inputMode="numeric" aria-label={m.form.minutes} value={min} onChange={(e) => set(h, e.target.value.replace(/\D/g, ''))} />
      <span className={css.unit}>{m.form.minutes}</span>
    </div>
  )
}

/** Never shown again once stored: an empty field changes nothing. */
export function SecretInput({ value, onChange, a11y, autoFocus }: EditorProps) {
  const m = useM()
  const typed = typeof value === 'string' ? value : ''
  return (
    <>
      <Input {...a11y} type="password" autoComplete="new-password" autoFocus={autoFocus} value={typed} onChange={(e) => onChange(orNull(e.target.value))} placeholder={value && typeof value === 'object' ? m.record.secretSet : undefined} />
      <div className={css.tally}>{m.form.setSecret}</div>
    </>
  )
}

export function Rating({ field: f, value, onChange, a11y }: EditorProps) {
  const m = useM()
  const best = f.scale || 5
  const marks = Array.from({ length: best }, (_, i) => i + 1)
  const onKey = (e: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
    if (!step) return
    e.preventDefault()
    const next = Math.min(best, Math.max(1, (typeof value === 'number' ? value : 0) + step))
    onChange(next)
    e.currentTarget.querySelectorAll<HTMLElement>('[role=radio]')[next - 1]?.focus()
  }
  return (
    <div className={css.stars} role="radiogroup" aria-label={f.label} id={a11y.id} onKeyDown={onKey}>
      {marks.map((n) => (
        <button key={n} type="button" role="radio" aria-checked={value === n} aria-label={m.form.rating(n, best)} tabIndex={value === n || (typeof value !== 'number' && n === 1) ? 0 : -1} className={css.star} onClick={() => onChange(n)}>{n}</button>
      ))}
      <button type="button" role="radio" aria-checked={value === 'declined'} tabIndex={0} className={`${css.star} ${css.wide}`} onClick={() => onChange('declined')}>{m.form.declined}</button>
    </div>
  )
}

export function Geo({ value, onChange, a11y }: EditorProps) {
  const m = useM()
  const [note, setNote] = useState('')
  const v = (value ?? {}) as { lat?: number; lng?: number; accuracy?: number }
  const set = (k: 'lat' | 'lng', s: string) => {
    const next = { ...v, [k]: s === '' ? undefined : Number(s) }
    onChange(next.lat === undefined && next.lng === undefined ? null : next)
  }
  const locate = () => {
    setNote(m.form.locating)
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setNote('')
        onChange({ lat: Number(coords.latitude.toFixed(6)), lng: Number(coords.longitude.toFixed(6)), accuracy: Math.round(coords.accuracy) })
      },
      () => setNote(m.form.locateFailed),
      { enableHighAccuracy: true, timeout: 10_000 },
    )
  }
  return (
    <div className={css.inline}>
      <Input {...a11y} className={css.short} inputMode="decimal" aria-label={m.form.lat} placeholder={m.form.lat} value={text(v.lat)} onChange={(e) => set('lat', e.target.value)} />
      <Input className={css.short} inputMode="decimal" aria-label={m.form.lng} placeholder={m.form.lng} value={text(v.lng)} onChange={(e) => set('lng', e.target.value)} />
      <Button size="small" icon={<LocateFixed size={14} strokeWidth={1.75} />} onClick={locate}>{m.form.locate}</Button>
      {note && <span className="muted" role="status">{note}</span>}
    </div>
  )
}
