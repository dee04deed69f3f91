import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { flushSync } from 'react-dom'
import { api } from '@/api/client'
import { listQuery, metaQuery, recordQuery, viewsQuery } from '@/api/queries'
import { say } from '@/api/problem'
import type { RecordView, Summary, TypeMeta } from '@/api/types'
import { FilterBar } from '@/shared/list/FilterBar'
import { canonical, filterDefs } from '@/shared/list/filters'
import { columnOf, defaultColumns } from '@/shared/list/columns'
import { ListTable } from '@/shared/list/ListTable'
import { Preview } from '@/shared/list/Preview'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { setTrail } from '@/shared/lib/trail'
import { useWidth } from '@/shared/lib/useWidth'
import { useTransition } from '@/shared/record/useTransition'
import { BulkBar } from '@/shared/ui/BulkBar'
import { Button } from '@/shared/ui/Button'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { toast } from '@/shared/ui/Toast'
import { BulkDialog, type BulkKind } from './BulkDialog'
import { ListHead, ListTools } from './ListHead'
import css from './ListPage.module.css'
import { useFreshRows } from './useFreshRows'
import { readUrl, viewsOf, writeUrl, type ListState } from './views'

/** The one list page: views, filters, rows, bulk actions, preview. Everything it shows stands in the URL. */
export function ListPage({ type, search }: { type: TypeMeta; search: Record<string, string> }) {
  const m = useM()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const saved = useQuery(viewsQuery)
  const views = useMemo(() => viewsOf(type, saved.data?.items ?? [], m), [type, saved.data, m])
  const state = readUrl(search, views)
  const query = { ...state.filters, sort: state.sort }
  const rows = useInfiniteQuery({ ...listQuery(type, query), placeholderData: keepPreviousData })
  const items = useMemo(() => rows.data?.pages.flatMap((p) => p.items) ?? [], [rows.data])
  const first = rows.data?.pages[0]
  const total = first?.total == null ? '' : first.total_capped ? `${first.total}+` : String(first.total)
  const defs = useMemo(() => filterDefs(type, meta, m), [type, meta, m])
  const columns = useMemo(() => (state.columns ?? defaultColumns(type)).flatMap((n) => columnOf(n, type, meta, m) ?? []), [state.columns, type, meta, m])
  const { waiting, touched, clear } = useFreshRows(type, query)

  const [cursor, setCursor] = useState(0)
  const [chosen, setChosen] = useState<Set<string>>(new Set())
  const [preview, setPreview] = useState(false)
  const [filtering, setFiltering] = useState<string | null>(null)
  const [bulk, setBulk] = useState<BulkKind | null>(null)
  const { ref: scroller, width } = useWidth<HTMLDivElement>()
  const at = Math.min(cursor, items.length - 1)
  const current = items[at]
  const [acting, setActing] = useState<RecordView>()

  const go = (patch: Partial<ListState>) => {
    setCursor(0)
    setChosen(new Set())
    void navigate({ to: '/t/$plural', params: { plural: type.plural }, search: writeUrl({ ...state, ...patch }), replace: true })
  }
  const open = (r: Summary) => {
    setTrail(items.map((x) => x.number), total)
    void navigate({ to: '/r/$number', params: { number: r.number } })
  }
  const { start, dialog } = useTransition(acting)
  const doNext = async () => {
    if (!current?.next) return current && open(current)
    try {
      const record = await client.fetchQuery(recordQuery(current.number))
      const action = record.next_steps.actions.find((a) => a.transition === current.next?.transition)
      if (!action) return open(current)
      flushSync(() => setActing(record))
      starter.current(action)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  const starter = useLatest(start)
  const refresh = () => {
    clear()
    void client.invalidateQueries({ queryKey: [`list:${type.type}`] })
  }
  const targets = () => (chosen.size > 0 ? items.filter((r) => chosen.has(r.number)) : current ? [current] : [])
  const urge = async () => {
    try {
      for (const r of targets()) await api.post(`/${r.plural}/${r.number}/urge`, {})
      toast(m.record.urged)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  const can = (a: string) => type.bulk?.includes(a) ?? false
  const transitions = (type.bulk ?? []).filter((b) => b.startsWith('transition:')).map((b) => b.slice(11))
  const group = m.keys.list
  useKeys([
    { keys: 'j', label: m.keys.nextRow, group, run: () => setCursor(Math.min(at + 1, items.length - 1)) },
    { keys: 'k', label: m.keys.prevRow, group, run: () => setCursor(Math.max(at - 1, 0)) },
    { keys: 'arrowdown', label: m.keys.nextRow, group, run: () => setCursor(Math.min(at + 1, items.length - 1)) },
    { keys: 'arrowup', label: m.keys.prevRow, group, run: () => setCursor(Math.max(at - 1, 0)) },
    { keys: 'enter', label: m.keys.doNext, group, run: () => void doNext() },
    { keys: 'e', label: m.keys.open, group, run: () => current && open(current) },
    { keys: 'space', label: m.keys.preview, group, run: () => current && setPreview(!preview) },
    { keys: 'x', label: m.keys.select, group, run: () => current && setChosen(flip(chosen, current.number)) },
    { keys: 'f', label: m.keys.filter, group, run: () => setFiltering('add') },
    ...(can('assign') ? [{ keys: 'a', label: m.keys.assign, group, run: () => current && setBulk('assign') }] : []),
    ...(can('priority') ? [{ keys: 'p', label: m.keys.priority, group, run: () => current && setBulk('priority') }] : []),
    { keys: 'u', label: m.keys.urge, group, run: () => void urge() },
    ...(type.create ? [{ keys: 'c', label: m.list.create(type.label), group, run: () => void navigate({ to: '/new/$plural', params: { plural: type.plural } }) }] : []),
    { keys: 'escape', label: m.keys.back, group, run: () => (chosen.size > 0 ? setChosen(new Set()) : setPreview(false)) },
  ])

  const filtered = canonical(state.filters) !== ''
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = rows
  const onEnd = useCallback(() => void (hasNextPage && !isFetchingNextPage && fetchNextPage()), [fetchNextPage, hasNextPage, isFetchingNextPage])
  return (
    <div className={css.page}>
      <h1 className="sr">{type.label}</h1>
      <ListHead type={type} views={views} state={state} onState={go} />
      <FilterBar defs={defs} filters={state.filters} open={filtering} onOpen={setFiltering} onChange={(filters) => go({ filters })} end={<ListTools type={type} state={state} onState={go} />} />
      <div className={cx(css.body, preview && current && css.withPreview)}>
        <div className={css.stage}>
          <div className={css.list} ref={scroller}>
          {waiting > 0 && (
            <button type="button" className={css.fresh} onClick={refresh}>{m.list.fresh(waiting, type.label)}</button>
          )}
          {rows.isPending ? (
            <Skeleton rows={14} />
          ) : rows.isError && items.length === 0 ? (
            <ErrorState error={rows.error} onRetry={() => void rows.refetch()} />
          ) : items.length === 0 ? (
            <EmptyState action={filtered ? <Button onClick={() => go({ filters: {}, view: views.at(-1) ?? state.view })}>{m.list.clear}</Button> : undefined}>
              {filtered ? m.list.emptyFiltered(type.label) : m.list.empty(type.label)}
            </EmptyState>
          ) : (
            <>
              <ListTable
                label={`${type.label} · ${state.view.label}`}
                rows={items}
                columns={columns}
                cursor={at}
                onCursor={setCursor}
                chosen={type.bulk?.length ? chosen : undefined}
                onChoose={setChosen}
                onOpen={(r) => (preview ? undefined : open(r))}
                fresh={touched}
                onEnd={onEnd}
                width={width}
              />
              <div className={cx(css.foot, 'num')}>{rows.hasNextPage ? m.list.shown(total, items.length) : m.list.allShown(items.length)}</div>
            </>
          )}
          </div>
          <BulkBar
            count={chosen.size}
            onCancel={() => setChosen(new Set())}
            actions={[
              ...(can('assign') ? [{ id: 'assign', label: m.record.assign, key: 'a', run: () => setBulk('assign') }] : []),
              ...(can('priority') ? [{ id: 'priority', label: m.keys.priority, key: 'p', run: () => setBulk('priority') }] : []),
              { id: 'urge', label: m.record.urge, key: 'u', run: () => void urge() },
              ...transitions.slice(0, 3).map((t) => ({ id: t, label: transitionLabel(items, t), run: () => setBulk(`transition:${t}`) })),
            ]}
          />
        </div>
        {preview && current && <Preview key={current.number} number={current.number} onClose={() => setPreview(false)} />}
      </div>
      {dialog}
      {bulk && <BulkDialog kind={bulk} type={type} rows={targets()} onClose={() => setBulk(null)} onDone={() => (setBulk(null), setChosen(new Set()), refresh())} />}
    </div>
  )
}

const flip = (set: Set<string>, x: string) => {
  const next = new Set(set)
  if (!next.delete(x)) next.add(x)
  return next
}

/** The words of a step, as a row that can take it says them. */
const transitionLabel = (rows: Summary[], code: string) => rows.find((r) => r.next?.transition === code)?.next?.label ?? code

function useLatest<T>(value: T) {
  const [box] = useState({ current: value })
  box.current = value
  return box
}
