import { Link, type LinkProps } from '@tanstack/react-router'
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { cx } from '../lib/cx'
import css from './Button.module.css'
import { Kbd } from './Kbd'

interface Look {
  /** One primary a view. `danger` only for destroying. `quiet` has no border, `link` looks like one. */
  kind?: 'primary' | 'default' | 'quiet' | 'link' | 'danger'
  size?: 'normal' | 'small' | 'large'
  icon?: ReactNode
  /** The key that does the same, shown on the button. */
  k?: string
  block?: boolean
}

type ButtonProps = Look & ButtonHTMLAttributes<HTMLButtonElement> & { busy?: boolean; ref?: Ref<HTMLButtonElement> }

const look = ({ kind = 'default', size = 'normal', block }: Look, className?: string) =>
  cx(css.button, css[kind], css[size], block && css.block, className)

/** The button of every page. `busy` keeps its width and its focus and refuses a second press. */
export function Button({ kind, size, icon, k, block, busy, children, className, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={look({ kind, size, block }, className)}
      data-solid={kind === 'primary' || kind === 'danger' ? '' : undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (e) => e.preventDefault() : onClick}
      {...rest}
    >
      {busy ? <span className={css.busy} /> : icon}
      <span className={css.label}>{children}</span>
      {k && <Kbd k={k} />}
    </button>
  )
}

/** A link that looks like a button. */
export function ButtonLink({ kind, size, icon, k, block, children, className, ...link }: Look & LinkProps & { className?: string; children: ReactNode }) {
  return (
    <Link className={look({ kind, size, block }, className)} data-solid={kind === 'primary' ? '' : undefined} {...link}>
      <>
        {icon}
        <span className={css.label}>{children}</span>
        {k && <Kbd k={k} />}
      </>
    </Link>
  )
}

/** The same for a path that comes from the server's navigation. */
export const ButtonTo = ({ to, ...rest }: Look & { to: string; className?: string; children: ReactNode }) => <ButtonLink to={to as '/'} {...rest} />

/** A button with an icon only: for copy, close, call, previous and next. The label is read aloud and shown on hover. */
export function IconButton({ label, icon, small, className, ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { label: string; icon: ReactNode; small?: boolean; ref?: Ref<HTMLButtonElement> }) {
  return (
    <button type="button" aria-label={label} title={label} className={cx(css.icon, small && css.iconSmall, className)} {...rest}>
      {icon}
    </button>
  )
}
