import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, Copy, Eye, Link2, MoreHorizontal, Phone, Printer } from 'lucide-react'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { RecordView, TypeMeta } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import type { trailOf } from '@/shared/lib/trail'
import { InlineField } from '@/shared/record/InlineField'
import { Button, IconButton } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { Kbd } from '@/shared/ui/Kbd'
import { Menu } from '@/shared/ui/Menu'
import { PriorityMark } from '@/shared/ui/PriorityMark'
import { StateTag } from '@/shared/ui/StateTag'
import { toast } from '@/shared/ui/Toast'
import type { Dialogs } from './RecordDialogs'
import css from './RecordHeader.module.css'

interface Props {
  record: RecordView
  type: TypeMeta | undefined
  trail: ReturnType<typeof trailOf>
  onGo: (number: string | undefined) => void
  onDialog: (d: Dialogs) => void
}

/** Number, title, state, priority, level, customer; at the right what one does with a record as a whole. */
export function RecordHeader({ record, type, trail, onGo, onDialog }: Props) {
  const m = useM()
  const now = useNow()
  const level = type?.fields.find((f) => f.name === 'level')?.options?.find((o) => o.value === record.level)?.label ?? record.level
  const copy = () => void navigator.clipboard.writeText(record.number).then(() => toast(m.app.copied(record.number)))
  const phone = record.fields.contact_phone
  const can = record.can ?? {}
  return (
    <header className={css.head}>
      <div className={css.top}>
        <nav className={css.crumb}>
          {type && <Link to="/t/$plural" params={{ plural: type.plural }} className={css.back} aria-label={type.label}><ChevronLeft size={22} strokeWidth={1.75} aria-hidden /></Link>}
          {type && <Link to="/t/$plural" params={{ plural: type.plural }} className={css.type}>{type.label}</Link>}
          <ChevronRight size={13} strokeWidth={1.75} className={css.sep} aria-hidden />
          <span className="no">{record.number}</span>
          <IconButton small className={css.copy} label={m.app.copy(record.number)} icon={<Copy size={13} strokeWidth={1.75} />} onClick={copy} />
        </nav>
        <div className={css.tools}>
          <WatchButton record={record} />
          <Button kind="quiet" icon={<Printer size={15} strokeWidth={1.75} />} onClick={() => window.print()}>{m.record.print}</Button>
          {can.link !== false && <Button kind="quiet" icon={<Link2 size={15} strokeWidth={1.75} />} onClick={() => onDialog('link')}>{m.record.link}</Button>}
          <MoreMenu record={record} onDialog={onDialog} />
          {trail && (
            <span className={css.trail}>
              <button type="button" aria-label={m.record.previous} disabled={!trail.prev} onClick={() => onGo(trail.prev)}><Kbd k="k" /></button>
              <button type="button" aria-label={m.record.next} disabled={!trail.next} onClick={() => onGo(trail.next)}><Kbd k="j" /></button>
              <span className="num">{m.record.position(trail.at, trail.of)}</span>
            </span>
          )}
        </div>
        <div className={css.phoneTools}>
          {typeof phone === 'string' && phone && <a href={`tel:${phone}`} className={css.call} aria-label={phone}><Phone size={20} strokeWidth={1.75} aria-hidden /></a>}
          <MoreMenu record={record} onDialog={onDialog} />
        </div>
      </div>
      <div className={css.title}>
        <InlineField record={record} field={type?.fields.find((f) => f.name === 'title') ?? { name: 'title', type: 'text', label: m.fields.title, max_len: 200 }} block>
          <h1>{record.title}</h1>
        </InlineField>
      </div>
      <div className={css.meta}>
        <StateTag boxed kind={record.state.kind} label={record.state.label} waitingOn={record.state.waiting_on || null} progress={record.state.progress} />
        {record.priority && <PriorityMark mark={record.priority.mark} label={record.priority.label} />}
        {level && <Chip>{level}</Chip>}
        {record.major && <Chip tone="red">{m.record.major}</Chip>}
        {!!record.reopened && <Chip>{m.record.reopened(record.reopened)}</Chip>}
        {record.customer && <span>{[record.customer.name, record.site?.name].filter(Boolean).join(' · ')}</span>}
        <span className={cx(css.created, 'muted num')}>{[record.requester?.name, m.record.createdAt(moment(record.created_at, now))].filter(Boolean).join(' · ')}</span>
      </div>
    </header>
  )
}

function WatchButton({ record }: { record: RecordView }) {
  const m = useM()
  const client = useQueryClient()
  const watchers = record.watchers ?? []
  const mine = watchers.some((w) => w.me)
  const toggle = async () => {
    try {
      await (mine ? api.delete(`/${record.plural}/${record.number}/watch`) : api.put(`/${record.plural}/${record.number}/watch`))
      await client.invalidateQueries({ queryKey: [`record:${record.number}`] })
      if (!mine) toast(m.record.watchedNow)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  if (record.can?.watch === false) return watchers.length > 0 ? <span className={css.count}>{m.record.watching(watchers.length)}</span> : null
  return (
    <Button kind="quiet" icon={<Eye size={15} strokeWidth={1.75} className={mine ? css.on : undefined} />} aria-pressed={mine} title={mine ? m.record.unwatch : m.record.watch} onClick={() => void toggle()}>
      {watchers.length > 0 ? m.record.watching(watchers.length) : m.record.watch}
    </Button>
  )
}

function MoreMenu({ record, onDialog }: { record: RecordView; onDialog: (d: Dialogs) => void }) {
  const m = useM()
  const can = record.can ?? {}
  return (
    <Menu
      label={m.record.moreActions}
      align="end"
      groups={[
        { items: [
          ...(can.assign !== false ? [{ id: 'assign', label: m.record.assign, key: 'a', run: () => onDialog('assign') }] : []),
          ...(can.link !== false ? [{ id: 'link', label: m.record.addLink, key: 'l', run: () => onDialog('link') }] : []),
          ...(can.work_log ? [{ id: 'work', label: m.record.workLog, run: () => onDialog('work') }] : []),
          { id: 'watcher', label: m.record.addWatcher, run: () => onDialog('watcher') },
        ] },
        { items: [{ id: 'print', label: m.record.print, run: () => window.print() }] },
      ]}
    >
      {(b) => <IconButton {...b} label={m.record.moreActions} icon={<MoreHorizontal size={18} strokeWidth={1.75} />} />}
    </Menu>
  )
}
