import { useKeyHelp, useLetterKeys } from '@/shared/lib/keys'
import { useM } from '@/shared/lib/i18n'
import { Dialog } from '@/shared/ui/Dialog'
import { Kbd } from '@/shared/ui/Kbd'
import css from './KeyHelp.module.css'

/** All keys that work on the page below, by group. */
export default function KeyHelp({ onClose }: { onClose: () => void }) {
  const m = useM()
  const bindings = useKeyHelp()
  const letters = useLetterKeys()
  const groups = new Map<string, Map<string, string>>()
  for (const b of bindings) {
    const name = b.group ?? m.keys.other
    const group = groups.get(name) ?? new Map<string, string>()
    group.set(b.keys, b.label)
    groups.set(name, group)
  }
  return (
    <Dialog title={m.keys.title} sub={letters ? undefined : m.keys.off} onClose={onClose} width={720}>
      <div className={css.groups}>
        {[...groups].map(([name, keys]) => (
          <section key={name}>
            <h3 className={css.title}>{name}</h3>
            <dl>
              {[...keys].map(([k, label]) => (
                <div key={k} className={css.pair}>
                  <dt className={css.keys}>{k.split(' ').map((part, i) => <span key={i}>{i > 0 && <span className="muted"> {m.keys.then} </span>}<Kbd k={part} /></span>)}</dt>
                  <dd>{label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
