import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { RecordView, Summary } from '@/api/types'
import { FileChip } from '@/shared/form/FieldValue'
import { upload } from '@/shared/form/upload'
import { useM } from '@/shared/lib/i18n'
import { Button, IconButton } from '@/shared/ui/Button'
import { PersonChip } from '@/shared/ui/Person'
import { Section } from '@/shared/ui/Section'
import { StateTag } from '@/shared/ui/StateTag'
import { toast } from '@/shared/ui/Toast'
import type { Dialogs } from './RecordDialogs'
import css from './SideColumn.module.css'

function Other({ record, kind, onRemove }: { record: Summary; kind?: string; onRemove?: () => void }) {
  const m = useM()
  return (
    <li className={css.link}>
      <span className={css.linkTop}>
        <Link to="/r/$number" params={{ number: record.number }} className="no">{record.number}</Link>
        <StateTag kind={record.state.kind} label={record.state.label} waitingOn={record.state.waiting_on || null} progress={record.state.progress} />
        {onRemove && <IconButton small className={css.remove} label={`${m.record.linkRemove}: ${record.number}`} icon={<X size={13} strokeWidth={1.75} />} onClick={onRemove} />}
      </span>
      <span>{record.title}</span>
      {kind && <span className={css.kind}>{kind}</span>}
    </li>
  )
}

/** Links, sub-records, attachments and watchers. */
export function RelatedParts({ record, onDialog }: { record: RecordView; onDialog: (d: Dialogs) => void }) {
  const m = useM()
  const client = useQueryClient()
  const input = useRef<HTMLInputElement>(null)
  const [sending, setSending] = useState('')
  const at = `/${record.plural}/${record.number}`
  const can = record.can ?? {}
  const again = () => client.invalidateQueries({ queryKey: [`record:${record.number}`] })
  const fail = (e: unknown) => toast(say(e, m.error.network), undefined, true)
  const attach = async (list: FileList) => {
    try {
      const ids = (record.attachments ?? []).map((f) => f.id)
      for (const file of list) {
        setSending(file.name)
        ids.push((await upload(file, () => {})).id)
      }
      await api.put(`${at}/attachments`, { files: ids })
      await again()
    } catch (e) {
      fail(e)
    } finally {
      setSending('')
    }
  }
  const add = (label: string, run: () => void) => <IconButton small label={label} icon={<Plus size={15} strokeWidth={1.75} />} onClick={run} />
  return (
    <div>
      {record.parent && <Section title={m.record.parentRecord}><ul><Other record={record.parent} /></ul></Section>}
      {(record.children?.length ?? 0) > 0 && <Section title={m.record.children} aside={record.children?.length}><ul>{record.children?.map((c) => <Other key={c.number} record={c} />)}</ul></Section>}
      <Section title={m.record.links} aside={can.link !== false && add(m.record.addLink, () => onDialog('link'))}>
        {record.links?.length ? (
          <ul>
            {record.links.map((l) => (
              <Other key={l.id} record={l.record} kind={l.label} {...(can.link !== false ? { onRemove: () => void api.delete(`${at}/links/${l.id}`).then(again, fail) } : {})} />
            ))}
          </ul>
        ) : (
          <span className="muted">{m.app.none}</span>
        )}
      </Section>
      <Section title={m.record.attachments} aside={can.attach !== false && add(m.record.addFile, () => input.current?.click())}>
        <input ref={input} type="file" multiple hidden onChange={(e) => e.target.files && void attach(e.target.files)} />
        <div className={css.files}>
          {record.attachments?.map((f) => <FileChip key={f.id} id={f.id} name={f.name} size={f.size} />)}
          {sending && <span className="muted" role="status">{m.composer.uploading(sending)}</span>}
          {!record.attachments?.length && !sending && <span className="muted">{m.app.none}</span>}
        </div>
      </Section>
      <Section title={m.record.watchers} aside={add(m.record.addWatcher, () => onDialog('watcher'))}>
        <div className={css.watchers}>
          {record.watchers?.map((w) => <PersonChip key={w.id} name={w.me ? m.app.you : w.name} />)}
          {!record.watchers?.length && <span className="muted">{m.app.none}</span>}
        </div>
      </Section>
      {can.work_log && <Button kind="quiet" className={css.all} onClick={() => onDialog('work')}>{m.record.workLog}</Button>}
    </div>
  )
}
