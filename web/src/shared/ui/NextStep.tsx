import { Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { Button } from './Button'
import css from './NextStep.module.css'

export interface StepAction {
  id: string
  label: string
  key?: string | undefined
  busy?: boolean | undefined
  /** Destroys or ends something. */
  danger?: boolean | undefined
  run: () => void
}

export interface StepLock {
  id: string
  label: string
  reason: string
  /** Fields that are missing, as links to them. */
  missing?: { field: string; label: string }[] | undefined
}

interface Props {
  mine: boolean
  title: ReactNode
  clock?: ReactNode
  aside?: ReactNode
  note?: ReactNode
  actions: StepAction[]
  /** Actions that stand behind the first ones. */
  more?: ReactNode
  locks?: StepLock[]
  onField?: (field: string) => void
}

/** What is to be done now: the sentence, up to five buttons, and under them every closed step with its reason. */
export function NextStep({ mine, title, clock, aside, note, actions, more, locks = [], onField }: Props) {
  const m = useM()
  return (
    <section className={cx(css.box, mine && css.mine)} aria-label={m.record.nextStep}>
      <div className={css.head}>
        <h2 className={css.title}>{title}</h2>
        {clock && <span className={cx(css.clock, 'num')}>{clock}</span>}
        {aside && <span className={css.aside}>{aside}</span>}
      </div>
      {note && <p className={css.note}>{note}</p>}
      {(actions.length > 0 || more) && (
        <div className={css.actions}>
          {actions.map((a, i) => (
            <Button key={a.id} kind={mine && i === 0 ? 'primary' : 'default'} k={a.key} busy={a.busy} onClick={a.run}>
              {a.label}
            </Button>
          ))}
          {more}
        </div>
      )}
      {locks.length > 0 && (
        <ul className={css.locks}>
          {locks.map((l) => (
            <li key={l.id} className={css.lock}>
              <Lock size={13} strokeWidth={1.75} aria-hidden />
              <span>
                <b>{l.label}</b>{' '}
                {l.missing && l.missing.length > 0 && onField ? (
                  <>
                    {m.record.missing(l.missing.length)}
                    {l.missing.map((f, i) => (
                      <span key={f.field}>
                        {i > 0 && m.app.listSep}
                        <button type="button" className={css.field} onClick={() => onField(f.field)}>{f.label}</button>
                      </span>
                    ))}
                  </>
                ) : (
                  l.reason
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
