import { AlertCircle } from 'lucide-react'
import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type TextareaHTMLAttributes } from 'react'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import css from './Field.module.css'

interface FieldProps {
  label: ReactNode
  required?: boolean | undefined
  hint?: ReactNode
  error?: string | undefined
  /** At the right of the label or below it: a key, a count. */
  end?: ReactNode
  /** Label above instead of at the left. */
  stacked?: boolean
  name?: string | undefined
  children: (a11y: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true; 'aria-required'?: true }) => ReactNode
}

/** A labelled field: label at the left and right-aligned, hint and error below, tied together for readers. */
export function Field({ label, required, hint, error, end, stacked, name, children }: FieldProps) {
  const m = useM()
  const id = useId()
  const note = `${id}-note`
  return (
    <div className={cx(css.field, stacked && css.stacked)} data-field={name}>
      <label className={css.label} htmlFor={id} id={`${id}-label`}>
        {label}
        {required && <span className={css.star} title={m.app.required} aria-hidden>*</span>}
      </label>
      <div className={css.control}>
        {children({ id, ...(error || hint ? { 'aria-describedby': note } : {}), ...(error ? { 'aria-invalid': true as const } : {}), ...(required ? { 'aria-required': true as const } : {}) })}
        {(error || hint) && (
          <div id={note} className={error ? css.error : css.hint} role={error ? 'alert' : undefined}>
            {error ? <><AlertCircle size={13} strokeWidth={1.75} aria-hidden /> {error}</> : hint}
          </div>
        )}
      </div>
      {end && <div className={css.end}>{end}</div>}
    </div>
  )
}

/** A plain one-line input. */
export const Input = ({ className, ref, ...rest }: InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) => (
  <input ref={ref} className={cx(css.input, className)} autoComplete="off" {...rest} />
)

/** A text area that grows with its text. */
export const TextArea = ({ className, ref, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & { ref?: Ref<HTMLTextAreaElement> }) => (
  <textarea ref={ref} className={cx(css.input, css.area, className)} {...rest} />
)
