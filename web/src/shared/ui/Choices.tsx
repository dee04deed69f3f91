import { useRef, type KeyboardEvent } from 'react'
import { cx } from '../lib/cx'
import css from './Choices.module.css'
import { Kbd } from './Kbd'

export interface Choice {
  value: string
  label: string
  hint?: string | undefined
  k?: string | undefined
}

interface Props {
  id?: string | undefined
  options: Choice[]
  value: string | null | undefined
  onChange: (value: string | null) => void
  label: string
  /** A second press takes the choice back. */
  clearable?: boolean
  disabled?: boolean | undefined
  invalid?: boolean | undefined
}

/** Options with fewer than five values: buttons, not a dropdown. */
export function Choices({ id, options, value, onChange, label, clearable, disabled, invalid }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const onKey = (e: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key]
    if (!step) return
    e.preventDefault()
    const at = options.findIndex((o) => o.value === value)
    const next = (at + step + options.length) % options.length
    onChange(options[next]?.value ?? null)
    box.current?.querySelectorAll<HTMLElement>('[role=radio]')[next]?.focus()
  }
  const focusable = options.some((o) => o.value === value) ? value : options[0]?.value
  return (
    <div className={css.box} role="radiogroup" aria-label={label} aria-invalid={invalid || undefined} id={id} ref={box} onKeyDown={onKey}>
      {options.map((o) => (
        <button
          key={o.value}
          type="button"
          role="radio"
          aria-checked={o.value === value}
          tabIndex={o.value === focusable ? 0 : -1}
          disabled={disabled}
          className={cx(css.option, o.value === value && css.on)}
          onClick={() => onChange(clearable && o.value === value ? null : o.value)}
        >
          {o.k && <Kbd k={o.k} />}
          <span>{o.label}</span>
          {o.hint && <span className={css.hint}>{o.hint}</span>}
        </button>
      ))}
    </div>
  )
}
