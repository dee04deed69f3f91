import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { api } from '@/api/client'
import { metaQuery } from '@/api/queries'
import { say } from '@/api/problem'
import type { FieldMeta, FormSpec, Page, RecordView, SearchHit } from '@/api/types'
import { namesOf, type Values } from '@/shared/form/values'
import { useM } from '@/shared/lib/i18n'
import { FormDialog } from '@/shared/record/FormDialog'
import { afterWrite } from '@/shared/record/useRecord'
import { Button } from '@/shared/ui/Button'
import { Choices } from '@/shared/ui/Choices'
import { Dialog } from '@/shared/ui/Dialog'
import { Field, Input } from '@/shared/ui/Field'
import { StateTag } from '@/shared/ui/StateTag'
import css from './RecordDialogs.module.css'

export type Dialogs = 'assign' | 'link' | 'work' | 'watcher'

/** What one does with a record beside its workflow. */
export function RecordDialogs({ kind, record, onClose }: { kind: Dialogs; record: RecordView; onClose: () => void }) {
  const m = useM()
  const client = useQueryClient()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const at = `/${record.plural}/${record.number}`
  const run = async (call: () => Promise<unknown>) => {
    setBusy(true)
    setProblem(null)
    try {
      const back = (await call()) as RecordView | undefined
      if (back?.next_steps) afterWrite(client, back)
      else await client.invalidateQueries({ queryKey: [`record:${record.number}`] })
      onClose()
    } catch (e) {
      setProblem(e)
    } finally {
      setBusy(false)
    }
  }
  if (kind === 'link') return <LinkDialog record={record} kinds={meta.link_kinds} busy={busy} problem={problem} onLink={(k, number) => void run(() => api.post(`${at}/links`, { kind: k, number }))} onClose={onClose} />

  const forms: Record<Exclude<Dialogs, 'link'>, { title: string; action: string; fields: FieldMeta[]; require: string[]; initial: Values; send: (v: Values) => Promise<unknown> }> = {
    assign: {
      title: m.record.assignTitle(record.number),
      action: m.record.assign,
      fields: [
        { name: 'team', type: 'ref', to: 'team', label: m.record.team },
        { name: 'assignee', type: 'ref', to: 'staff', label: m.record.handler },
        { name: 'reason', type: 'text', max_len: 500, label: m.record.assignReason },
      ],
      require: [],
      initial: { team: record.team?.id ?? null, assignee: record.assignee?.id ?? null },
      send: (v) => api.post(`${at}/assign`, { assignee: v.assignee ?? '', team: v.team ?? '', ...(v.reason ? { reason: v.reason } : {}) }, { version: record.version }),
    },
    work: {
      title: m.record.workLog,
      action: m.record.workSave,
      fields: [
        { name: 'time', type: 'duration', label: m.record.workMinutes },
        { name: 'text', type: 'text', max_len: 1000, label: m.record.workText },
      ],
      require: ['time', 'text'],
      initial: {},
      send: (v) => api.post(`${at}/work-log`, { minutes: Math.round(Number(v.time) / 60), text: v.text }),
    },
    watcher: {
      title: m.record.addWatcher,
      action: m.record.addWatcher,
      fields: [{ name: 'person', type: 'ref', to: 'person', label: m.record.watchers }],
      require: ['person'],
      initial: {},
      send: (v) => api.post(`${at}/watchers`, { person: v.person }),
    },
  }
  const form = forms[kind]
  const spec: FormSpec = { fields: form.fields.map((f) => f.name), require: form.require }
  return (
    <FormDialog title={form.title} sub={`${record.number} · ${record.title}`} action={form.action} fields={form.fields} spec={spec} initial={form.initial} names={namesOf(record)} customer={record.customer?.id} busy={busy} problem={problem} onSubmit={(v) => void run(() => form.send(v))} onClose={onClose} />
  )
}

function LinkDialog({ record, kinds, busy, problem, onLink, onClose }: { record: RecordView; kinds: { code: string; label: string }[]; busy: boolean; problem: unknown; onLink: (kind: string, number: string) => void; onClose: () => void }) {
  const m = useM()
  const [kind, setKind] = useState(kinds.find((k) => k.code === 'related')?.code ?? kinds[0]?.code ?? 'related')
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState('')
  const q = useDeferredValue(text.trim())
  const hits = useQuery({
    queryKey: ['search', 'link', q],
    queryFn: ({ signal }) => api.get<Page<SearchHit>>('/search', { q, limit: 8 }, signal),
    enabled: q.length > 0,
    placeholderData: (old) => old,
  })
  const number = chosen || text.trim()
  const submit = () => number && onLink(kind, number)
  return (
    <Dialog
      kind="drawer"
      width={560}
      title={m.record.linkTitle}
      sub={`${record.number} · ${record.title}`}
      onClose={onClose}
      onSubmit={submit}
      foot={
        <>
          <Button type="submit" kind="primary" busy={busy} k="mod+enter">{m.record.linkRun}</Button>
          <Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button>
        </>
      }
    >
      <div className={css.body}>
        {!!problem && <p className={css.alert} role="alert">{say(problem, m.error.network)}</p>}
        <Field label={m.record.linkKind}>{(a) => <Choices id={a.id} label={m.record.linkKind} options={kinds.map((k) => ({ value: k.code, label: k.label }))} value={kind} onChange={(v) => v && setKind(v)} />}</Field>
        <Field label={m.record.linkNumber}>{(a) => <Input {...a} data-autofocus value={text} onChange={(e) => (setText(e.target.value), setChosen(''))} placeholder={m.palette.placeholder} />}</Field>
        <ul className={css.hits}>
          {(q ? (hits.data?.items ?? []) : []).filter((r) => r.number !== record.number).map((r) => (
            <li key={r.number}>
              <button type="button" className={css.hit} aria-pressed={chosen === r.number} onClick={() => (setChosen(r.number), setText(r.number))}>
                <span className="no muted">{r.number}</span>
                <span className="grow clip">{r.title}</span>
                <StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  )
}
