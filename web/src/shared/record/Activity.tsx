import { useInfiniteQuery } from '@tanstack/react-query'
import { ArrowRight, Bell, Clock3, Link2, MessageSquare, Paperclip, PenLine, PhoneIncoming, Stamp, Star, Timer, UserRound } from 'lucide-react'
import { Fragment, useRef, useState } from 'react'
import { timelineQuery } from '@/api/queries'
import type { Approval, Entry, RecordView } from '@/api/types'
import { FileChip } from '../form/FieldValue'
import { useNow } from '../lib/clock'
import { useM } from '../lib/i18n'
import { day, exact, hm, ms, sameDay } from '../lib/time'
import { Button } from '../ui/Button'
import { EmptyState, ErrorState, Skeleton } from '../ui/Empty'
import { Markdown } from '../ui/Markdown'
import { ViewTabs } from '../ui/Tabs'
import { Timeline, TimelineItem } from '../ui/Timeline'
import css from './Activity.module.css'
import { ApprovalCard } from './ApprovalCard'

const iconProps = { size: 15, strokeWidth: 1.75, 'aria-hidden': true } as const
const icons: Partial<Record<Entry['kind'], React.ReactNode>> = {
  created: <PhoneIncoming {...iconProps} />,
  comment: <MessageSquare {...iconProps} />,
  moved: <ArrowRight {...iconProps} />,
  edited: <PenLine {...iconProps} />,
  assigned: <UserRound {...iconProps} />,
  urged: <Bell {...iconProps} />,
  approval: <Stamp {...iconProps} />,
  attachment: <Paperclip {...iconProps} />,
  link: <Link2 {...iconProps} />,
  work: <Timer {...iconProps} />,
  timer: <Clock3 {...iconProps} />,
  rated: <Star {...iconProps} />,
}

/** What happened, oldest first, with filters. `calm` leaves the filters out, for the portal. */
export function Activity({ record, calm }: { record: RecordView; calm?: boolean }) {
  const m = useM()
  const now = useNow()
  const [show, setShow] = useState('all')
  const query = useInfiniteQuery(timelineQuery(record.plural, record.number, show))
  const seen = useRef<number>(Date.now())
  // The first page is the newest; each further one lies before it.
  const entries = [...(query.data?.pages ?? [])].reverse().flatMap((p) => p.items)
  const approvals = show === 'all' ? (record.approvals ?? []) : []
  const rows = [...entries.map((e) => ({ at: e.at, e, a: null as Approval | null })), ...approvals.map((a) => ({ at: a.asked_at, e: null as Entry | null, a }))].sort((x, y) => ms(x.at) - ms(y.at))

  return (
    <section aria-labelledby="activity">
      <div className={css.head}>
        <h2 id="activity" className={css.title}>{m.record.activity}</h2>
        {!calm && (
          <ViewTabs
            small
            label={m.timeline.filters}
            value={show}
            onChange={setShow}
            items={[{ id: 'all', label: m.timeline.all }, { id: 'public', label: m.timeline.public }, { id: 'internal', label: m.timeline.internal }, { id: 'moves', label: m.timeline.moves }]}
          />
        )}
      </div>
      {query.hasNextPage && <Button kind="quiet" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{m.timeline.older}</Button>}
      {query.isPending ? (
        <Skeleton rows={5} kind="record" />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <EmptyState>{show === 'all' ? m.timeline.empty : m.timeline.emptyFiltered}</EmptyState>
      ) : (
        <Timeline label={m.record.activity}>
          {rows.map((r, i) => {
            const before = rows[i - 1]
            const heading = !before ? !sameDay(r.at, now) : !sameDay(before.at, r.at)
            return (
              <Fragment key={r.e?.id ?? r.a?.id}>
                {heading && <li className={css.day}>{sameDay(r.at, now) ? m.app.today : day(r.at, now)}</li>}
                {r.e && <EntryRow e={r.e} fresh={ms(r.e.at) > seen.current} />}
                {r.a && <ApprovalCard record={record} approval={r.a} />}
              </Fragment>
            )
          })}
        </Timeline>
      )}
    </section>
  )
}

function EntryRow({ e, fresh }: { e: Entry; fresh: boolean }) {
  const m = useM()
  const author = e.author?.name ?? m.timeline.system
  const side = e.author?.side === 'customer' ? m.timeline.customer : e.author?.side === 'supplier' ? m.timeline.supplier : null
  const files = (e.attachments?.length ?? 0) > 0 && (
    <span className={css.files}>{e.attachments?.map((f) => <FileChip key={f.id} id={f.id} name={f.name} size={f.size} />)}</span>
  )
  const common = { time: hm(e.at), exact: exact(e.at), fresh }
  if (e.kind === 'comment' || (e.body && e.body !== '')) {
    const kind = !e.public ? 'internal' : e.direction === 'in' || e.author?.side === 'customer' ? 'in' : 'out'
    const role = kind === 'out' ? m.timeline.reply : kind === 'in' ? side : side
    return (
      <TimelineItem kind={kind} author={author} role={[role, e.edited && m.timeline.edited].filter(Boolean).join(' · ')} {...common}>
        <Markdown text={e.body ?? e.text ?? ''} />
        {files}
      </TimelineItem>
    )
  }
  return (
    <TimelineItem kind="line" icon={icons[e.kind] ?? <Clock3 {...iconProps} />} {...common}>
      {e.text ?? ''}
      {e.kind !== 'created' && <Changes e={e} />}
      {files}
    </TimelineItem>
  )
}

function Changes({ e }: { e: Entry }) {
  const m = useM()
  const changes = (e.changes ?? []).filter((c) => c.label)
  if (changes.length === 0) return null
  const text = (v: unknown): string => (v === null || v === undefined || v === '' ? '' : typeof v === 'object' ? JSON.stringify(v) : String(v))
  const line = (c: (typeof changes)[number]) => (text(c.old) ? m.timeline.change(c.label, text(c.old), text(c.new) || m.record.empty) : m.timeline.changeTo(c.label, text(c.new) || m.record.empty))
  return (
    <details className={css.changes}>
      <summary>{m.timeline.showChanges(changes.length)}</summary>
      <ul>{changes.map((c) => <li key={c.field}>{line(c)}</li>)}</ul>
    </details>
  )
}
