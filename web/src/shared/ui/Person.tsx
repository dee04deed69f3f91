import type { ReactNode } from 'react'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import css from './Person.module.css'

// FNV-1a with a last mix: short Chinese names would else fall on few tints.
const hash = (text: string) => {
  let h = 2166136261
  for (const c of text) h = Math.imul(h ^ (c.codePointAt(0) ?? 0), 16777619)
  h ^= h >>> 15
  h = Math.imul(h, 2246822519)
  return (h ^ (h >>> 13)) >>> 0
}
const initial = (name: string) => {
  const last = [...name.trim()].at(-1) ?? '?'
  return /\p{Script=Han}/u.test(last) ? last : ([...name.trim()][0] ?? '?').toUpperCase()
}

/** The initial of a person on one of six tints; a green dot when on duty. */
export function Avatar({ name, onDuty, size = 22 }: { name: string; onDuty?: boolean | undefined; size?: number }) {
  const m = useM()
  return (
    <span className={cx(css.avatar, css[`tint${(hash(name) % 6) + 1}`])} style={{ width: size, height: size, fontSize: Math.max(11, Math.round(size * 0.48)) }} aria-hidden={!onDuty}>
      <span aria-hidden>{initial(name)}</span>
      {onDuty && <span className={css.dot} role="img" aria-label={m.person.onDuty} />}
    </span>
  )
}

interface Props {
  name: string
  /** What they are here, in grey. */
  role?: ReactNode
  onDuty?: boolean | undefined
  end?: ReactNode
}

/** A person as a chip: initial, name, role. */
export function PersonChip({ name, role, onDuty, end }: Props) {
  return (
    <span className={css.chip}>
      <Avatar name={name} onDuty={onDuty} />
      <span className={css.name}>{name}</span>
      {role && <span className={cx(css.role, 'clip')}>{role}</span>}
      {end && <span className={css.end}>{end}</span>}
    </span>
  )
}
