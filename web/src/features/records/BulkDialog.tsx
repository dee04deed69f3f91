import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '@/api/client'
import { metaQuery, recordQuery } from '@/api/queries'
import type { FieldMeta, FormSpec, Summary, TypeMeta } from '@/api/types'
import { fieldsOf, type Values } from '@/shared/form/values'
import { useM } from '@/shared/lib/i18n'
import { FormDialog } from '@/shared/record/FormDialog'
import { Button } from '@/shared/ui/Button'
import { Dialog } from '@/shared/ui/Dialog'
import { toast } from '@/shared/ui/Toast'

export type BulkKind = 'assign' | 'priority' | `transition:${string}`

interface Result {
  number: string
  ok: boolean
  error?: { detail?: string; title?: string }
}

/** One action on many records; each is checked on its own, and those refused are named with their reason. */
export function BulkDialog({ kind, type, rows, onClose, onDone }: { kind: BulkKind; type: TypeMeta; rows: Summary[]; onClose: () => void; onDone: () => void }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const transition = kind.startsWith('transition:') ? kind.slice(11) : undefined
  // What a step asks for is told by the first record; the others are checked by the server.
  const first = useQuery({ ...recordQuery(rows[0]?.number ?? ''), enabled: !!transition && rows.length > 0 })
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const [failed, setFailed] = useState<Result[] | null>(null)

  const action = first.data?.next_steps.actions.find((a) => a.transition === transition)
  let fields: FieldMeta[]
  let spec: FormSpec
  let title: string
  if (transition) {
    if (first.isPending) return null
    fields = fieldsOf(action ? [...new Set([...action.form.fields, ...action.form.require])] : [], type, meta, m)
    spec = action?.form ?? { fields: [], require: [] }
    title = action?.label.replace(/…$/, '') ?? transition
  } else if (kind === 'assign') {
    fields = [
      { name: 'team', type: 'ref', to: 'team', label: m.record.team },
      { name: 'assignee', type: 'ref', to: 'staff', label: m.record.handler },
    ]
    spec = { fields: ['team', 'assignee'], require: [] }
    title = m.record.assign
  } else {
    fields = fieldsOf(['impact', 'urgency'], type, meta, m)
    spec = { fields: ['impact', 'urgency'], require: [] }
    title = m.keys.priority
  }

  const submit = async (values: Values) => {
    setBusy(true)
    setProblem(null)
    try {
      const { comment, comment_public, ...rest } = values
      const set = Object.fromEntries(Object.entries(rest).filter(([, v]) => v !== null && v !== undefined && v !== ''))
      const body = { numbers: rows.map((r) => ({ number: r.number, version: r.version })), action: transition ? 'transition' : kind, ...(transition ? { transition } : {}), fields: { ...set, ...(comment ? { comment, comment_public } : {}) } }
      const { results } = await api.post<{ results: Result[] }>(`/${type.plural}/bulk`, body)
      const bad = results.filter((r) => !r.ok)
      if (bad.length < results.length) toast(m.list.bulkDone(results.length - bad.length))
      if (bad.length === 0) onDone()
      else setFailed(bad)
    } catch (e) {
      setProblem(e)
    } finally {
      setBusy(false)
    }
  }
  if (failed) {
    return (
      <Dialog title={m.list.bulkFailed(failed.length)} onClose={onDone} foot={<Button kind="primary" onClick={onDone}>{m.app.close}</Button>}>
        <ul className="stack">
          {failed.map((f) => <li key={f.number}><b className="no">{f.number}</b> {f.error?.detail ?? f.error?.title}</li>)}
        </ul>
      </Dialog>
    )
  }
  return <FormDialog title={title} sub={rows.map((r) => r.number).slice(0, 4).join(m.app.listSep) + (rows.length > 4 ? ` +${rows.length - 4}` : '')} action={m.list.bulkRun(rows.length)} fields={fields} spec={spec} busy={busy} problem={problem} onSubmit={(v) => void submit(v)} onClose={onClose} />
}
