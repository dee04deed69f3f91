import { useRef, useState } from 'react'
import { Problem, say } from '@/api/problem'
import { useMe } from '@/api/session'
import type { FieldMeta, FormSpec } from '@/api/types'
import { focusField, FormFields } from '../form/FormFields'
import { missing, required, type Values } from '../form/values'
import { useM } from '../lib/i18n'
import { Button } from '../ui/Button'
import { Checkbox } from '../ui/Checkbox'
import { Dialog } from '../ui/Dialog'
import { Field, TextArea } from '../ui/Field'
import css from './FormDialog.module.css'

interface Props {
  title: string
  sub?: string | undefined
  action: string
  fields: FieldMeta[]
  spec: FormSpec
  initial?: Values
  names?: Record<string, string>
  customer?: string | undefined
  danger?: boolean | undefined
  busy: boolean
  problem: unknown
  hint?: string | undefined
  /** Values of the record that conditions may look at. */
  context?: Values
  onSubmit: (values: Values) => void
  onClose: () => void
}

/** A drawer with a form: what a step asks for, its comment, and in words what is still missing. */
export function FormDialog({ title, sub, action, fields, spec, initial = {}, names, customer, danger, busy, problem, hint, context, onSubmit, onClose }: Props) {
  const m = useM()
  const box = useRef<HTMLDivElement>(null)
  const [values, setValues] = useState<Values>(initial)
  const [comment, setComment] = useState('')
  const [isPublic, setPublic] = useState(!!spec.comment_public)
  const [tried, setTried] = useState(false)
  const me = useMe()
  const wanted = required(spec, { ...context, ...values }, me)
  const open = missing(fields, wanted, values)
  const wantsComment = spec.comment === 'required'
  const commentMissing = wantsComment && !comment.trim()
  const labels = [...open.map((f) => f.label), ...(commentMissing ? [m.form.comment] : [])]

  const refused = problem instanceof Problem ? problem : null
  const errors: Record<string, string> = { ...(refused?.byField() ?? {}) }
  if (tried) for (const f of open) errors[f.name] ??= m.form.requiredField(f.label)
  const submit = () => {
    setTried(true)
    if (labels.length > 0) {
      const first = open[0]?.name ?? 'comment'
      return focusField(first, box.current ?? document)
    }
    onSubmit({ ...values, ...(comment.trim() ? { comment: comment.trim(), ...(spec.comment_public !== undefined ? { comment_public: isPublic } : {}) } : {}) })
  }
  const unplaced = refused?.errors.filter((e) => !fields.some((f) => e.field === f.name || e.field.startsWith(`${f.name}.`) || e.field.startsWith(`${f.name}[`)) && e.field !== 'comment') ?? []
  return (
    <Dialog
      kind="drawer"
      width={640}
      title={title}
      sub={sub}
      onClose={onClose}
      onSubmit={submit}
      foot={
        <>
          <Button type="submit" kind={danger ? 'danger' : 'primary'} busy={busy} k="mod+enter">{action}</Button>
          <Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button>
          {labels.length > 0 && <span className={css.missing}>{m.form.missing(labels.length, labels.join(m.app.listSep))}</span>}
        </>
      }
    >
      <div ref={box} className={css.body}>
        {hint && <p className="sub">{hint}</p>}
        {!!problem && (
          <div className={css.alert} role="alert">
            {say(problem, m.error.network)}
            {unplaced.map((e) => <div key={e.field}>{e.detail}</div>)}
          </div>
        )}
        <FormFields plain={fields.length <= 8} fields={[...fields.filter((f) => wanted.includes(f.name)), ...fields.filter((f) => !wanted.includes(f.name))]} required={wanted} values={values} errors={errors} names={names ?? {}} customer={customer} focus={open[0]?.name ?? fields[0]?.name} onChange={(name, v) => setValues((old) => ({ ...old, [name]: v }))} />
        {spec.comment && spec.comment !== 'none' && (
          <Field label={m.form.comment} required={wantsComment} name="comment" error={errors.comment ?? (tried && commentMissing ? m.form.requiredField(m.form.comment) : undefined)}>
            {(a11y) => (
              <>
                <TextArea {...a11y} className={isPublic ? css.public : css.internal} value={comment} rows={3} autoFocus={fields.length === 0} onChange={(e) => setComment(e.target.value)} placeholder={isPublic ? m.composer.publicPlaceholder : m.composer.internalPlaceholder} />
                <Checkbox label={m.record.commentPublic} checked={isPublic} onChange={(e) => setPublic(e.target.checked)} />
              </>
            )}
          </Field>
        )}
        {spec.confirm && <p className={css.confirm}>{spec.confirm}</p>}
      </div>
    </Dialog>
  )
}
