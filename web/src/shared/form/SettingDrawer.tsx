import { useQueries } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { FieldMeta } from '@/api/types'
import { useM } from '../lib/i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { useAttempt } from './attempt'
import { FormFields } from './FormFields'
import css from './SettingDrawer.module.css'
import { changed, missing, type Values } from './values'

const paths: Record<string, string> = { person: '/people', staff: '/people', customer: '/organisations', site: '/sites', team: '/teams', service: '/services' }

/** Names of the ids that settings hold, by kind of thing. */
export function useRefNames(wanted: { to: string; id: string }[]): Record<string, string> {
  const list = [...new Map(wanted.filter((w) => w.id && paths[w.to]).map((w) => [w.id, w])).values()]
  const found = useQueries({ queries: list.map(({ to, id }) => ({ queryKey: [`entries:${paths[to]}`, 'one', id], queryFn: () => api.get<{ id: string; name: string }>(`${paths[to]}/${encodeURIComponent(id)}`), staleTime: 300_000, retry: false })) })
  return Object.fromEntries(found.flatMap((q) => (q.data ? [[q.data.id, q.data.name]] : [])))
}

interface Props {
  title: string
  sub?: ReactNode
  action: string
  fields: FieldMeta[]
  required: string[]
  initial: Values
  names?: Record<string, string>
  width?: number
  onClose: () => void
  /** Gets what changed; an emptied field is null. */
  onSave: (patch: Values, all: Values) => Promise<unknown>
  foot?: ReactNode
  /** Between the fields and the foot, from what is entered. */
  children?: ((values: Values, set: (patch: Values) => void) => ReactNode) | undefined
  /** Which of the fields show for what is entered. */
  show?: ((field: FieldMeta, values: Values) => boolean) | undefined
}

/** One setting in a drawer: what is missing, what was refused and where, and only what changed is sent. */
export function SettingDrawer({ title, sub, action, fields, required, initial, names = {}, width = 600, onClose, onSave, foot, children, show }: Props) {
  const m = useM()
  const { box, busy, problem, refused, errorsOf, attempt } = useAttempt()
  const [values, setValues] = useState<Values>(initial)
  const refs = useRefNames(fields.flatMap((f) => (f.type === 'ref' && f.to && typeof initial[f.name] === 'string' ? [{ to: f.to, id: String(initial[f.name]) }] : [])))
  const shown = fields.filter((f) => !show || show(f, values))
  const open = missing(shown, required, values)
  const errors = errorsOf(open)
  const placed = (field: string) => shown.some((f) => field.replace(/^body\./, '').split(/[.[]/)[0] === f.name)
  const save = () => attempt(open, () => onSave(changed(values, initial), values))
  return (
    <Dialog
      kind="drawer"
      width={width}
      title={title}
      sub={sub}
      onClose={onClose}
      onSubmit={() => void save()}
      foot={<><Button type="submit" kind="primary" k="mod+enter" busy={busy}>{action}</Button><Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button>{foot && <span className={css.end}>{foot}</span>}</>}
    >
      <div className={css.form} ref={box}>
        {!!problem && (
          <div className={css.alert} role="alert">
            {refused?.stale ? m.admin.stale : say(problem, m.error.network)}
            {refused?.errors.filter((e) => !placed(e.field)).map((e) => <div key={e.field}>{e.detail}</div>)}
          </div>
        )}
        <FormFields fields={shown} required={required} values={values} errors={errors} names={{ ...refs, ...names }} customer={typeof values.customer === 'string' ? values.customer : undefined} onChange={(name, v) => setValues((old) => ({ ...old, [name]: v }))} />
        {children?.(values, (patch) => setValues((old) => ({ ...old, ...patch })))}
      </div>
    </Dialog>
  )
}
