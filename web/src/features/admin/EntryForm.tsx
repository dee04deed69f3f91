import { useState, type ReactNode } from 'react'
import { say } from '@/api/problem'
import type { FieldMeta } from '@/api/types'
import { useAttempt } from '@/shared/form/attempt'
import { FormFields } from '@/shared/form/FormFields'
import { changed, missing, type Values } from '@/shared/form/values'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Dialog } from '@/shared/ui/Dialog'
import css from './admin.module.css'
import { forServer } from './model'

interface Props {
  fields: FieldMeta[]
  required: string[]
  initial: Values
  names?: Record<string, string>
  /** References are looked for within this organisation. */
  scope?: string | undefined
  /** Gets only what changed, as the server takes it. */
  onSave: (patch: Values) => Promise<void>
  /** Told what is entered, when other fields depend on it. */
  onValues?: (values: Values) => void
}

/** One form of an entry: what changed, what is missing, what was refused. */
export function useEntryForm({ fields, required, initial, names = {}, scope, onSave, onValues }: Props) {
  const m = useM()
  const { box, busy, problem, refused, errorsOf, attempt, forget } = useAttempt()
  const [values, setValues] = useState<Values>(initial)
  const open = missing(fields, required, values)
  const diff = changed(values, initial)
  // A sentence that begins with the field's code gets its label instead.
  const errors: Record<string, string> = Object.fromEntries(Object.entries(errorsOf(open)).map(([k, text]) => [k, text.startsWith(k) ? `${fields.find((f) => f.name === k)?.label ?? k} ${text.slice(k.length).trim()}` : text]))
  const unplaced = refused?.errors.filter((e) => !fields.some((f) => e.field.replace(/^body\./, '').split(/[.[]/)[0] === f.name)) ?? []
  const save = () =>
    attempt(open, async () => {
      await onSave(forServer(diff, fields))
      forget()
    })
  const set = (name: string, v: unknown) => {
    const next = { ...values, [name]: v }
    setValues(next)
    onValues?.(next)
  }
  const reset = () => {
    setValues(initial)
    forget()
  }
  const body = (
    <div ref={box} className={css.form}>
      {!!problem && (
        <div className={css.alert} role="alert">
          {refused?.stale ? m.admin.stale : say(problem, m.error.network)}
          {unplaced.map((e) => <div key={e.field}>{e.detail}</div>)}
        </div>
      )}
      <FormFields fields={fields} required={required} values={values} errors={errors} names={names} customer={scope} onChange={set} />
    </div>
  )
  return { body, save, reset, busy, dirty: Object.keys(diff).length, values }
}

/** The form in a drawer: adding, or changing something small. */
export function EntryDrawer({ title, sub, action, onClose, foot, children, ...form }: Props & { title: string; sub?: string; action: string; onClose: () => void; foot?: ReactNode; children?: ReactNode }) {
  const m = useM()
  const { body, save, busy } = useEntryForm(form)
  return (
    <Dialog
      kind="drawer"
      width={600}
      title={title}
      sub={sub}
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button type="submit" kind="primary" k="mod+enter" busy={busy}>{action}</Button>
          <Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button>
          {foot && <span className={css.footEnd}>{foot}</span>}
        </>
      }
    >
      {body}
      {children}
    </Dialog>
  )
}

/** The form on a page: a bar with "save" comes up as soon as something changed. */
export function EntryPageForm(form: Props) {
  const m = useM()
  const { body, save, reset, busy, dirty } = useEntryForm(form)
  return (
    <form
      noValidate
      onSubmit={(e) => {
        e.preventDefault()
        void save()
      }}
      onKeyDownCapture={(e) => {
        if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
          e.preventDefault()
          e.stopPropagation()
          void save()
        }
      }}
    >
      {body}
      {dirty > 0 && (
        <div className={css.saveBar}>
          <Button type="submit" kind="primary" k="mod+enter" busy={busy}>{m.app.save}</Button>
          <Button kind="quiet" onClick={reset}>{m.admin.discard}</Button>
          <span className={css.unsaved}>{m.admin.unsaved(dirty)}</span>
        </div>
      )}
    </form>
  )
}
