import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { recordQuery, timelineQuery } from '@/api/queries'
import type { Entry } from '@/api/types'
import { useNow } from '../lib/clock'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { exact, moment } from '../lib/time'
import { clockOf, keyOf } from '../record/clocks'
import { NextStepBlock } from '../record/NextStepBlock'
import { useTransition } from '../record/useTransition'
import { IconButton } from '../ui/Button'
import { ErrorState, Skeleton } from '../ui/Empty'
import { Kbd } from '../ui/Kbd'
import { Markdown } from '../ui/Markdown'
import { PriorityMark } from '../ui/PriorityMark'
import { Pair } from '../ui/Section'
import { SlaBar } from '../ui/Sla'
import { StateTag } from '../ui/StateTag'
import css from './Preview.module.css'

/** A record beside the list, with the same next-step block as its page. */
export function Preview({ number, onClose, onDone }: { number: string; onClose: () => void; onDone?: () => void }) {
  const m = useM()
  const query = useQuery(recordQuery(number))
  const record = query.data
  const { start, busy, dialog } = useTransition(record, onDone)
  return (
    <aside className={css.preview} aria-label={m.list.preview}>
      <div className={css.top}>
        <span className="no">{number}</span>
        <span className={css.keys}>
          <Link to="/r/$number" params={{ number }}>{m.work.open}</Link> <Kbd k="e" />
          <button type="button" onClick={onClose}>{m.list.previewClose}</button> <Kbd k="space" />
        </span>
        <IconButton className={css.close} label={m.app.close} icon={<X size={16} strokeWidth={1.75} />} onClick={onClose} />
      </div>
      {query.isPending ? (
        <Skeleton rows={6} kind="record" />
      ) : !record ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <>
          <h2 className={css.title}>{record.title}</h2>
          <div className={css.meta}>
            <StateTag boxed kind={record.state.kind} label={record.state.label} waitingOn={record.state.waiting_on || null} progress={record.state.progress} />
            {record.priority && <PriorityMark mark={record.priority.mark} label={record.priority.label} />}
            {record.customer && <span className="sub">{[record.customer.name, record.site?.name].filter(Boolean).join(' · ')}</span>}
          </div>
          <NextStepBlock record={record} busy={busy} onAction={(t) => {
            const a = record.next_steps.actions.find((x) => x.transition === t)
            if (a) start(a)
          }} />
          {(record.promises?.length ?? 0) > 0 && <div className={css.part}>{record.promises?.map((p) => <SlaBar key={keyOf(p)} c={clockOf(p, record, m)} />)}</div>}
          {record.description && <div className={cx(css.part, css.description)}><Markdown text={record.description} /></div>}
          <Latest plural={record.plural} number={record.number} />
          <div className={css.part}>
            <Pair name={m.record.handler}>{record.assignee?.name ?? record.team?.name ?? m.record.unassigned}</Pair>
            {record.requester && <Pair name={m.record.requester}>{record.requester.name}</Pair>}
            {record.service && <Pair name={m.fields.service}>{record.service.name}</Pair>}
          </div>
          {dialog}
        </>
      )}
    </aside>
  )
}

function Latest({ plural, number }: { plural: string; number: string }) {
  const m = useM()
  const now = useNow()
  const query = useInfiniteQuery(timelineQuery(plural, number, 'all'))
  const last = (query.data?.pages[0]?.items ?? []).slice(-4).reverse()
  if (last.length === 0) return null
  const talk = (e: Entry) => e.kind === 'comment'
  return (
    <ul className={cx(css.part, css.latest)}>
      {last.map((e) => (
        <li key={e.id} className={cx(talk(e) && css.talk, talk(e) && !e.public && css.note, talk(e) && e.public && e.direction === 'out' && css.out)}>
          <div className={css.who}>
            <b>{e.author?.name ?? m.timeline.system}</b>
            {talk(e) && !e.public && <span className="muted">{m.composer.internal}</span>}
            <time className="muted num" title={exact(e.at)}>{moment(e.at, now)}</time>
          </div>
          <div className={css.text}>{e.body || e.text}</div>
        </li>
      ))}
    </ul>
  )
}
