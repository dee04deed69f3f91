import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { metaQuery, searchQuery } from '@/api/queries'
import type { SearchHit } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { setTrail } from '@/shared/lib/trail'
import { Button } from '@/shared/ui/Button'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Input } from '@/shared/ui/Field'
import { StateTag } from '@/shared/ui/StateTag'
import { ViewTabs } from '@/shared/ui/Tabs'
import css from './SearchPage.module.css'

/** Everything that has the words in it, newest first, with the place where they stand. */
export function SearchPage({ q, types }: { q: string; types: string }) {
  const m = useM()
  const navigate = useNavigate()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const [text, setText] = useState(q)
  useEffect(() => setText(q), [q])
  const query = useInfiniteQuery(searchQuery(q, types || undefined))
  const items = useMemo(() => query.data?.pages.flatMap((p) => p.items) ?? [], [query.data])
  const go = (next: { q?: string; types?: string }) => void navigate({ to: '/search', search: { ...(q ? { q } : {}), ...(types ? { types } : {}), ...next }, replace: true })
  useEffect(() => setTrail(items.map((r) => r.number), String(items.length)), [items])
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1 className="sr">{m.search.title}</h1>
        <form className={css.form} role="search" onSubmit={(e) => (e.preventDefault(), go({ q: text.trim() }))}>
          <Search size={17} strokeWidth={1.75} aria-hidden />
          <Input value={text} onChange={(e) => setText(e.target.value)} autoFocus={!q} aria-label={m.search.title} placeholder={m.search.hint} className={css.input} />
        </form>
        <ViewTabs small label={m.search.allTypes} value={types || 'all'} onChange={(t) => go({ types: t === 'all' ? '' : t })} items={[{ id: 'all', label: m.search.allTypes }, ...meta.types.map((t) => ({ id: t.type, label: t.label }))]} />
      </header>
      <div className={css.list}>
        {!q ? (
          <EmptyState>{m.search.hint}</EmptyState>
        ) : query.isPending ? (
          <Skeleton rows={6} kind="work" />
        ) : query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : items.length === 0 ? (
          <EmptyState>{m.search.empty(q)}</EmptyState>
        ) : (
          <ul>{items.map((r) => <Hit key={r.number} r={r} />)}</ul>
        )}
        {query.hasNextPage && <div className={css.more}><Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{m.app.showMore}</Button></div>}
      </div>
    </div>
  )
}

function Hit({ r }: { r: SearchHit }) {
  const now = useNow()
  return (
    <li className={css.hit}>
      <div className={css.top}>
        <span className="no muted">{r.number}</span>
        <StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />
        <span className="muted clip">{[r.customer?.name, r.assignee?.name].filter(Boolean).join(' · ')}</span>
        <time className="muted num">{moment(r.updated_at, now)}</time>
      </div>
      <Link to="/r/$number" params={{ number: r.number }} className={css.title}>{r.title}</Link>
      {!!r.snippet?.length && <p className={css.snippet}>{r.snippet.map((x, i) => (x.hit ? <mark key={i}>{x.text}</mark> : x.text))}</p>}
    </li>
  )
}
