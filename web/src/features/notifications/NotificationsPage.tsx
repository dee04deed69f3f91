import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BellRing, Check, Settings2 } from 'lucide-react'
import { Fragment, useState } from 'react'
import { api } from '@/api/client'
import { noticesQuery } from '@/api/queries'
import { say } from '@/api/problem'
import type { Notice } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { day, exact, hm, sameDay } from '@/shared/lib/time'
import { Button, ButtonTo } from '@/shared/ui/Button'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { ViewTabs } from '@/shared/ui/Tabs'
import { toast } from '@/shared/ui/Toast'
import css from './NotificationsPage.module.css'

/** What happened that concerns me. */
export function NotificationsPage() {
  const m = useM()
  const now = useNow()
  const client = useQueryClient()
  const [unread, setUnread] = useState(true)
  const query = useInfiniteQuery(noticesQuery(unread))
  const items = query.data?.pages.flatMap((p) => p.items) ?? []
  const read = async (body: { ids: string[] } | { all: true }) => {
    try {
      await api.post('/notifications/read', body)
      await client.invalidateQueries({ predicate: (q) => q.queryKey[0] === 'inbox' || q.queryKey[1] === 'counts' })
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  const acknowledge = async (n: Notice) => {
    try {
      await api.post(`/notifications/${n.id}/acknowledge`, {})
      await client.invalidateQueries({ predicate: (q) => q.queryKey[0] === 'inbox' || q.queryKey[1] === 'counts' })
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{m.notifications.title}</h1>
        <ViewTabs small label={m.notifications.title} value={unread ? 'unread' : 'all'} onChange={(v) => setUnread(v === 'unread')} items={[{ id: 'unread', label: m.notifications.unread }, { id: 'all', label: m.notifications.all }]} />
        <span className={css.all} />
        <ButtonTo to="/notifications/preferences" icon={<Settings2 size={15} strokeWidth={1.75} />}>{m.notify.preferences}</ButtonTo>
        {items.some((n) => !n.read) && <Button onClick={() => void read({ all: true })}>{m.notifications.readAll}</Button>}
      </header>
      <div className={css.list}>
        {query.isPending ? (
          <Skeleton rows={8} />
        ) : query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : items.length === 0 ? (
          <EmptyState>{unread ? m.notifications.emptyUnread : m.notifications.empty}</EmptyState>
        ) : (
          <ul>
            {items.map((n, i) => {
              const before = items[i - 1]
              return (
                <Fragment key={n.id}>
                  {(!before || !sameDay(before.at, n.at)) && <li className={css.day}>{sameDay(n.at, now) ? m.app.today : day(n.at, now)}</li>}
                  <Row n={n} onRead={() => void read({ ids: [n.id] })} onAcknowledge={() => void acknowledge(n)} />
                </Fragment>
              )
            })}
          </ul>
        )}
        {query.hasNextPage && <div className={css.more}><Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{m.app.showMore}</Button></div>}
      </div>
    </div>
  )
}

function Row({ n, onRead, onAcknowledge }: { n: Notice; onRead: () => void; onAcknowledge: () => void }) {
  const m = useM()
  const asked = n.acknowledge && !n.acknowledged_at
  return (
    <li className={cx(css.row, !n.read && css.unread)}>
      <span className={css.dot} aria-hidden />
      <time className="muted num" title={exact(n.at)}>{hm(n.at)}</time>
      <span className={css.text}>
        {!n.read && <span className="sr">{m.notifications.unread} </span>}
        {n.level === 'urgent' && <span className={css.urgent}><BellRing size={14} strokeWidth={1.75} aria-hidden /> {m.notify.urgent}</span>}
        {n.number ? <Link to="/r/$number" params={{ number: n.number }} onClick={() => !n.read && onRead()}>{n.text}</Link> : n.text}
      </span>
      {n.acknowledge && n.acknowledged_at && <span className={css.known}><Check size={14} strokeWidth={1.75} aria-hidden /> {m.notify.acknowledgedAt(hm(n.acknowledged_at))}</span>}
      {asked ? <Button kind="default" size="small" onClick={onAcknowledge}>{m.notify.acknowledge}</Button> : !n.read && <Button kind="quiet" size="small" onClick={onRead}>{m.notifications.markRead}</Button>}
    </li>
  )
}
