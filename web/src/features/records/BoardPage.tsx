import { DndContext, DragOverlay, KeyboardSensor, PointerSensor, useDraggable, useDroppable, useSensor, useSensors, type DragEndEvent, type DragStartEvent, type KeyboardCoordinateGetter } from '@dnd-kit/core'
import { useInfiniteQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Lock } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { listQuery, metaQuery, recordQuery } from '@/api/queries'
import { say } from '@/api/problem'
import type { RecordView, StateMeta, Summary, TypeMeta } from '@/api/types'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { FilterBar } from '@/shared/list/FilterBar'
import { filterDefs } from '@/shared/list/filters'
import { nearest } from '@/shared/record/clocks'
import { useTransition } from '@/shared/record/useTransition'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Avatar } from '@/shared/ui/Person'
import { PriorityMark } from '@/shared/ui/PriorityMark'
import { SlaCell } from '@/shared/ui/Sla'
import { StateGlyph } from '@/shared/ui/StateTag'
import { ViewTabs } from '@/shared/ui/Tabs'
import { toast } from '@/shared/ui/Toast'
import css from './BoardPage.module.css'

/** Left and right jump from column to column. */
const byColumn: KeyboardCoordinateGetter = (event, { currentCoordinates, context }) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.code]
  if (!step) return undefined
  event.preventDefault()
  const columns = [...context.droppableRects.values()].sort((a, b) => a.left - b.left)
  const x = currentCoordinates.x + 40
  const at = columns.findIndex((c) => x >= c.left && x < c.right)
  const target = columns[Math.max(0, Math.min(columns.length - 1, (at < 0 ? 0 : at) + step))]
  return target ? { x: target.left + 8, y: currentCoordinates.y } : undefined
}

/** States in the order of the workflow; a card is dropped only where a step leads. */
export function BoardPage({ type, search }: { type: TypeMeta; search: Record<string, string> }) {
  const m = useM()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const { workflow: chosen, ...rest } = search
  const workflow = type.workflows.find((w) => w.code === chosen) ?? type.workflows.find((w) => w.default) ?? type.workflows[0]
  const filters = { open: 'true', ...rest }
  const query = useInfiniteQuery(listQuery(type, { ...filters, workflow: workflow?.code, sort: 'due', limit: 200 }))
  const cards = useMemo(() => query.data?.pages.flatMap((p) => p.items) ?? [], [query.data])
  const states = (workflow?.states ?? []).filter((s) => s.kind !== 'cancelled').sort((a, b) => a.order - b.order)
  const defs = useMemo(() => filterDefs(type, meta, m).filter((d) => d.name !== 'workflow'), [type, meta, m])
  const [filtering, setFiltering] = useState<string | null>(null)
  const [dragged, setDragged] = useState<Summary | null>(null)
  const [record, setRecord] = useState<RecordView>()
  const { start, dialog } = useTransition(record)
  const run = useRef(start)
  useEffect(() => {
    run.current = start
  })
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 6 } }), useSensor(KeyboardSensor, { coordinateGetter: byColumn, keyboardCodes: { start: ['Space'], cancel: ['Escape'], end: ['Space', 'Enter'] } }))

  const onStart = (e: DragStartEvent) => {
    const card = cards.find((c) => c.number === e.active.id)
    setDragged(card ?? null)
    setRecord(undefined)
    if (card) client.fetchQuery(recordQuery(card.number)).then(setRecord, (error: unknown) => toast(say(error, m.error.network), undefined, true))
  }
  const onEnd = (e: DragEndEvent) => {
    const card = dragged
    const to = e.over?.id
    setDragged(null)
    if (!card || !to || card.state.code === to || !record) return
    const action = record.next_steps.actions.find((a) => a.to?.includes(String(to)))
    if (action) run.current(action)
    else toast(record.next_steps.closed.find((c) => c.to?.includes(String(to)))?.reason ?? m.board.noWay, undefined, true)
  }
  const verdict = (s: StateMeta): 'open' | 'refused' | 'idle' => {
    if (!dragged || !record || dragged.state.code === s.code) return 'idle'
    return record.next_steps.actions.some((a) => a.to?.includes(s.code)) ? 'open' : 'refused'
  }
  const reason = (s: StateMeta) => record?.next_steps.closed.find((c) => c.to?.includes(s.code))?.reason ?? m.board.refused
  const go = (next: Record<string, string>) => void navigate({ to: '/t/$plural/board', params: { plural: type.plural }, search: next, replace: true })
  if (!workflow) return <EmptyState>{m.app.notFound}</EmptyState>
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{type.label}</h1>
        {type.workflows.length > 1 && <ViewTabs small label={m.board.workflow} value={workflow.code} onChange={(w) => go({ ...rest, workflow: w })} items={type.workflows.map((w) => ({ id: w.code, label: w.label }))} />}
        <Link to="/t/$plural" params={{ plural: type.plural }} search={filters} className={css.switch}>{m.list.list}</Link>
      </header>
      <FilterBar defs={defs} filters={rest} open={filtering} onOpen={setFiltering} onChange={(f) => go({ ...f, workflow: workflow.code })} />
      {query.isPending ? (
        <Skeleton rows={10} />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <DndContext sensors={sensors} onDragStart={onStart} onDragEnd={onEnd} onDragCancel={() => setDragged(null)} accessibility={{ screenReaderInstructions: { draggable: m.board.grab } }}>
          <div className={css.board} data-wide="">
            {states.map((s) => (
              <Column key={s.code} state={s} verdict={verdict(s)} reason={reason(s)}>
                {cards.filter((c) => c.state.code === s.code).map((c) => <Card key={c.number} r={c} />)}
              </Column>
            ))}
          </div>
          <DragOverlay dropAnimation={null}>{dragged && <CardBody r={dragged} lifted />}</DragOverlay>
        </DndContext>
      )}
      {query.hasNextPage && <Link className={css.more} to="/t/$plural" params={{ plural: type.plural }} search={filters}>{m.board.more((query.data?.pages[0]?.total ?? cards.length) - cards.length)}</Link>}
      {dialog}
    </div>
  )
}

function Column({ state: s, verdict, reason, children }: { state: StateMeta; verdict: 'open' | 'refused' | 'idle'; reason: string; children: React.ReactNode[] }) {
  const m = useM()
  const { setNodeRef, isOver } = useDroppable({ id: s.code })
  return (
    <section ref={setNodeRef} className={cx(css.column, css[verdict], isOver && css.over)} aria-label={s.label}>
      <h2 className={css.name}>
        <StateGlyph kind={s.kind} waitingOn={s.waiting_on || null} progress={s.progress} />
        <span className="clip">{s.label}</span>
        <span className="muted num">{children.length || ''}</span>
      </h2>
      {verdict === 'refused' && <p className={css.reason}><Lock size={12} strokeWidth={1.75} aria-hidden /> {reason}</p>}
      <div className={css.cards}>{children.length > 0 ? children : verdict === 'idle' && <p className={css.none}>{m.board.empty}</p>}</div>
    </section>
  )
}

function Card({ r }: { r: Summary }) {
  const navigate = useNavigate()
  const { attributes, listeners, setNodeRef, isDragging } = useDraggable({ id: r.number })
  const open = () => void navigate({ to: '/r/$number', params: { number: r.number } })
  return (
    <div
      ref={setNodeRef}
      {...attributes}
      {...listeners}
      className={cx(css.wrap, isDragging && css.dragging)}
      aria-label={`${r.number} ${r.title}`}
      onClick={open}
      onKeyDown={(e) => {
        if (e.key === 'Enter' && !isDragging) open()
        else (listeners?.onKeyDown as ((e: React.KeyboardEvent) => void) | undefined)?.(e)
      }}
    >
      <CardBody r={r} />
    </div>
  )
}

function CardBody({ r, lifted }: { r: Summary; lifted?: boolean }) {
  const m = useM()
  const c = nearest(r, m)
  return (
    <article className={cx(css.card, lifted && css.lifted)}>
      <div className={css.top}>
        {r.priority && <PriorityMark mark={r.priority.mark} label={r.priority.label} bare />}
        <span className={cx(css.number, 'no')}>{r.number}</span>
        {r.assignee && <Avatar name={r.assignee.name} size={20} />}
      </div>
      <div className={css.title}>{r.title}</div>
      {r.customer && <div className="muted clip">{r.customer.name}</div>}
      {c && <SlaCell c={c} />}
    </article>
  )
}
