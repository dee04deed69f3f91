import type { InputHTMLAttributes } from 'react'
import { useEffect, useRef } from 'react'
import { cx } from '../lib/cx'
import css from './Checkbox.module.css'

type Props = Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> & { some?: boolean; label?: string; hideLabel?: boolean }

/** A box with its label; `some` is the half-chosen state of a "choose all". */
export function Checkbox({ some, label, hideLabel, className, ...rest }: Props) {
  const ref = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (ref.current) ref.current.indeterminate = !!some
  }, [some])
  return (
    <label className={cx(css.wrap, className)}>
      <input ref={ref} type="checkbox" className={css.box} aria-label={hideLabel ? label : undefined} {...rest} />
      {label && !hideLabel && <span>{label}</span>}
    </label>
  )
}
