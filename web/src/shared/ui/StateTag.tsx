import { cx } from '../lib/cx'
import css from './StateTag.module.css'

export type StateKind = 'new' | 'active' | 'waiting' | 'done' | 'cancelled'
export type WaitingOn = 'customer' | 'supplier' | 'internal'

interface Props {
  kind: StateKind
  label: string
  waitingOn?: WaitingOn | null | undefined
  /** How far through its workflow, 0 to 1: fills the pie of an active state. */
  progress?: number | undefined
  /** In headers: a hairline pill around it. */
  boxed?: boolean
}

/** The only coloured label for states: a glyph and the word. */
export function StateTag({ kind, label, waitingOn, progress, boxed }: Props) {
  return (
    <span className={cx(css.tag, boxed && css.boxed)}>
      <StateGlyph kind={kind} waitingOn={waitingOn} progress={progress} />
      <span className="clip">{label}</span>
    </span>
  )
}

const sector = (part: number) => {
  const p = Math.min(0.999, Math.max(0.12, part))
  const a = 2 * Math.PI * p
  return `M8 8V4.2A3.8 3.8 0 ${p > 0.5 ? 1 : 0} 1 ${(8 + 3.8 * Math.sin(a)).toFixed(2)} ${(8 - 3.8 * Math.cos(a)).toFixed(2)}Z`
}

/** The glyph alone, beside a word that names the state. */
export function StateGlyph({ kind, waitingOn, progress = 0.5 }: Pick<Props, 'kind' | 'waitingOn' | 'progress'>) {
  return (
    <svg className={cx(css.glyph, css[kind], kind === 'waiting' && css[waitingOn ?? 'internal'])} viewBox="0 0 16 16" aria-hidden>
      {kind === 'new' && <circle cx="8" cy="8" r="6" strokeDasharray="2.1 2.06" />}
      {kind === 'active' && (
        <>
          <circle cx="8" cy="8" r="6" />
          <path d={sector(progress)} className={css.fill} />
        </>
      )}
      {kind === 'waiting' && (
        <>
          <circle cx="8" cy="8" r="6" />
          <path d="M6.4 5.8v4.4M9.6 5.8v4.4" />
        </>
      )}
      {kind === 'done' && (
        <>
          <circle cx="8" cy="8" r="6.8" className={css.disc} />
          <path d="M5.2 8.2l2 2 3.7-4" className={css.tick} />
        </>
      )}
      {kind === 'cancelled' && (
        <>
          <circle cx="8" cy="8" r="6" />
          <path d="M4 12l8-8" />
        </>
      )}
    </svg>
  )
}
