import { Pencil } from 'lucide-react'
import { useRef, useState } from 'react'
import { Problem, say } from '@/api/problem'
import type { FieldMeta, RecordView } from '@/api/types'
import { FieldEditor } from '../form/FormFields'
import { FieldValue } from '../form/FieldValue'
import { changed, namesOf, valueOf, type Values } from '../form/values'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { Button } from '../ui/Button'
import { ConflictDialog } from './ConflictDialog'
import css from './InlineField.module.css'
import { send, useRecordWriter } from './useRecord'

const wide = new Set(['markdown', 'table', 'checklist', 'signoffs', 'consent', 'files', 'signature'])

/** A field read as text and edited in place: a press opens the editor, Escape leaves it, Ctrl Enter or 保存 writes. */
export function InlineField({ record, field: f, block, children }: { record: RecordView; field: FieldMeta; block?: boolean; children?: React.ReactNode }) {
  const m = useM()
  const editable = record.can?.edit !== false && (record.editable ?? []).includes(f.name) && !f.read_only
  const [editing, setEditing] = useState(false)
  const stacked = block || wide.has(f.type)
  const value = valueOf(record, f.name)
  const names = namesOf(record)
  const trigger = useRef<HTMLButtonElement>(null)
  return (
    <div className={cx(css.row, stacked && css.stacked)} data-field={f.name}>
      {!block && <span className={css.name}>{f.label}</span>}
      {editing ? (
        <Editor record={record} field={f} onDone={() => (setEditing(false), requestAnimationFrame(() => trigger.current?.focus()))} />
      ) : (
        <div className={css.value}>
          <div className={css.text}>{children ?? <FieldValue field={f} value={value} names={names} path={`/${record.plural}/${record.number}`} />}</div>
          {editable && (
            <button ref={trigger} type="button" className={css.edit} aria-label={m.record.edit(f.label)} title={m.record.edit(f.label)} onClick={() => setEditing(true)}>
              <Pencil size={13} strokeWidth={1.75} />
            </button>
          )}
        </div>
      )}
    </div>
  )
}

function Editor({ record, field: f, onDone }: { record: RecordView; field: FieldMeta; onDone: () => void }) {
  const m = useM()
  // What the person saw when the editor opened: a live change must not slip under it.
  const [{ before, version }] = useState({ before: valueOf(record, f.name), version: record.version })
  const [value, setValue] = useState<unknown>(before)
  const writer = useRecordWriter(record.number)
  const save = async (v: unknown = value) => {
    const body: Values = changed({ [f.name]: v }, { [f.name]: before })
    if (Object.keys(body).length === 0) return onDone()
    if (await writer.run(send.patch(record), body, version, true)) onDone()
  }
  // One choice is one press: it is saved at once.
  const immediate = (f.type === 'enum' || f.type === 'ref' || f.type === 'tree' || f.type === 'bool') && !f.multiple
  const refused = writer.problem instanceof Problem ? writer.problem : null
  const errors = refused?.byField() ?? {}
  const message = writer.problem ? (errors[f.name] ?? say(writer.problem, m.error.network)) : ''
  return (
    <div
      className={css.editor}
      onKeyDown={(e) => {
        if (e.key === 'Escape') {
          e.stopPropagation()
          onDone()
        }
        if (e.key === 'Enter' && (e.ctrlKey || e.metaKey || (e.target instanceof HTMLInputElement && e.target.type === 'text' && f.type === 'text'))) {
          e.preventDefault()
          void save()
        }
      }}
    >
      <FieldEditor
        field={f}
        value={value}
        autoFocus
        names={namesOf(record)}
        customer={record.customer?.id}
        errors={errors}
        a11y={{ id: `edit-${f.name}`, ...(message ? { 'aria-invalid': true as const } : {}) }}
        onChange={(v) => {
          setValue(v)
          if (immediate) void save(v)
        }}
      />
      {message && <p className={css.error} role="alert">{message}</p>}
      <div className={css.actions}>
        {!immediate && <Button size="small" kind="primary" busy={writer.busy} onClick={() => void save()}>{m.app.save}</Button>}
        <Button size="small" kind="quiet" onClick={onDone}>{m.app.cancel}</Button>
      </div>
      {writer.conflict && (
        <ConflictDialog pending={{ ...writer.conflict, retry: async (v) => ((await writer.conflict?.retry(v)) ? (onDone(), true) : false) }} version={record.version} field={() => f} onDrop={() => (writer.dropConflict(), onDone())} />
      )}
    </div>
  )
}
