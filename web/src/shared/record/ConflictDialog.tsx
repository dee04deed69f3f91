import type { FieldMeta } from '@/api/types'
import { FieldValue } from '../form/FieldValue'
import { useNow } from '../lib/clock'
import { useM } from '../lib/i18n'
import { moment } from '../lib/time'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import css from './ConflictDialog.module.css'
import type { Pending } from './useRecord'

const say = (v: unknown): string => (v === null || v === undefined || v === '' ? '—' : typeof v === 'object' ? JSON.stringify(v) : String(v))

/** Somebody was faster: shows what they changed beside what was typed, and keeps it until the person decides. */
export function ConflictDialog({ pending, version, field, onDrop }: { pending: Pending; version: number; field?: (name: string) => FieldMeta | undefined; onDrop: () => void }) {
  const m = useM()
  const now = useNow()
  const { changes, current } = pending.problem
  const names = [...new Set([...changes.map((c) => c.field), ...Object.keys(pending.mine).filter((k) => k !== 'comment_public')])]
  return (
    <Dialog
      title={m.conflict.title}
      sub={m.conflict.text}
      width={680}
      onClose={onDrop}
      foot={
        <>
          <Button kind="primary" data-autofocus onClick={() => void pending.retry(current?.version ?? version)}>{m.conflict.keepMine}</Button>
          <Button onClick={onDrop}>{m.conflict.takeTheirs}</Button>
        </>
      }
    >
      {changes.length === 0 && <p className="sub">{m.conflict.unchanged}</p>}
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{m.conflict.field}</th>
            <th scope="col">{m.conflict.was}</th>
            <th scope="col">{m.conflict.now}</th>
            <th scope="col">{m.conflict.yours}</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => {
            const c = changes.find((x) => x.field === name)
            const mine = name in pending.mine
            const f = field?.(name)
            return (
              <tr key={name} className={c && mine ? css.both : undefined}>
                <th scope="row">
                  {c?.label ?? f?.label ?? (name === 'comment' ? m.form.comment : name)}
                  {c?.at && <span className={css.by}>{m.conflict.by(typeof c.by === 'string' ? c.by : (c.by?.name ?? ''), moment(c.at, now))}</span>}
                </th>
                <td>{c ? say(c.old) : ''}</td>
                <td>{c ? say(c.new) : ''}</td>
                <td>{mine ? f ? <FieldValue field={f} value={pending.mine[name]} /> : say(pending.mine[name]) : ''}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Dialog>
  )
}
