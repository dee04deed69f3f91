import { useSuspenseQuery } from '@tanstack/react-query'
import { metaQuery } from '@/api/queries'
import type { Action, RecordView } from '@/api/types'
import { changed, fieldOf, fieldsOf, namesOf, valueOf, type Values } from '../form/values'
import { useM } from '../lib/i18n'
import { Confirm } from '../ui/Confirm'
import { ConflictDialog } from './ConflictDialog'
import { FormDialog } from './FormDialog'
import { send, useRecordWriter } from './useRecord'

/** Whether a step asks for anything before it runs. */
export const asks = (a: Action) => a.form.fields.length > 0 || (a.missing?.length ?? 0) > 0 || (a.form.comment ?? 'none') !== 'none' || !!a.form.confirm

/** A step of the workflow with what it asks for. */
export function TransitionDialog({ record, action, onDone, onClose }: { record: RecordView; action: Action; onDone?: (() => void) | undefined; onClose: () => void }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const type = meta.types.find((t) => t.type === record.type)
  const writer = useRecordWriter(record.number)
  if (!type) return null
  const names = [...new Set([...action.form.fields, ...action.form.require, ...(action.missing ?? []).map((x) => x.field)])]
  const fields = fieldsOf(names, type, meta, m)
  const initial: Values = Object.fromEntries(fields.map((f) => [f.name, valueOf(record, f.name)]))
  const spec = { ...action.form, require: [...new Set([...action.form.require, ...(action.missing ?? []).map((x) => x.field)])] }
  const title = action.label.replace(/…$/, '')
  const submit = async (values: Values) => {
    const { comment, comment_public, ...rest } = values
    const body = { ...changed(rest, initial), ...(comment !== undefined ? { comment } : {}), ...(comment_public !== undefined ? { comment_public } : {}) }
    if (await writer.run(send.move(record, action.transition), body, record.version)) {
      onClose()
      onDone?.()
    }
  }
  if (writer.conflict) {
    return <ConflictDialog pending={{ ...writer.conflict, retry: async (v) => ((await writer.conflict?.retry(v)) ? (onClose(), onDone?.(), true) : false) }} version={record.version} field={(n) => fieldOf(n, type, meta, m)} onDrop={() => (writer.dropConflict(), onClose())} />
  }
  if (fields.length === 0 && (spec.comment ?? 'none') === 'none' && spec.confirm && !writer.problem) {
    return <Confirm title={spec.confirm} action={title} danger={action.style === 'danger'} onConfirm={() => submit({})} onClose={onClose} />
  }
  return (
    <FormDialog
      title={title}
      sub={`${record.number} · ${record.title}`}
      action={title}
      fields={fields}
      spec={spec}
      initial={initial}
      names={namesOf(record)}
      customer={record.customer?.id}
      danger={action.style === 'danger'}
      busy={writer.busy}
      problem={writer.problem}
      hint={action.guard_hint}
      context={{ ...record.fields, state: record.state.code, workflow: record.workflow, channel: record.channel, level: record.level }}
      onSubmit={(v) => void submit(v)}
      onClose={onClose}
    />
  )
}
