import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CopyCheck } from 'lucide-react'
import { api } from '@/api/client'
import type { Meta, Summary } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { exact, moment, ms, sameDay } from '@/shared/lib/time'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Kbd } from '@/shared/ui/Kbd'
import { MatrixMini } from '@/shared/ui/MatrixMini'
import { PriorityMark } from '@/shared/ui/PriorityMark'
import { Section } from '@/shared/ui/Section'
import { StateTag } from '@/shared/ui/StateTag'
import type { Draft } from './draft'
import css from './desk.module.css'

export interface Hit {
  score: number
  record: Summary
}
interface History {
  items: Summary[]
  total: number
  open: number
  same_day_calls: number
  last_rating: number | 'declined' | null
}

const tag = (r: Summary) => <StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />

/** What follows from the call while it is written down. */
export function Beside({ draft: d, meta, hits, expected, priority }: { draft: Draft; meta: Meta; hits: Hit[]; expected: number | null; priority: string | null }) {
  const m = useM()
  const now = useNow()
  const scheme = meta.schemes[0]
  const labels = Object.fromEntries(meta.priorities.map((p) => [p.value, p.label]))
  const chosen = meta.priorities.find((p) => p.value === priority)
  return (
    <aside className={css.side} aria-label={m.desk.beside}>
      <h2 className="sr">{m.desk.beside}</h2>
      {scheme && (
        <Section title={<span className="row">{m.desk.priority}{chosen && <PriorityMark mark={chosen.mark} label={chosen.label} />}</span>} aside={scheme.label}>
          <div className={css.matrix}>
            <MatrixMini scheme={scheme} impact={d.impact ?? 'medium'} urgency={d.urgency ?? 'medium'} labels={labels} />
            {expected !== null && <p className="num"><span className="sub">{m.desk.expected}</span><br />{moment(expected, now)}</p>}
          </div>
          {(!d.impact || !d.urgency) && <p className="muted">{m.desk.assumed(scheme.impacts.find((x) => x.value === 'medium')?.label ?? '')}</p>}
        </Section>
      )}
      {hits.length > 0 && (
        <Section title={<span className={css.likeTitle}><CopyCheck size={15} strokeWidth={1.75} aria-hidden />{m.desk.similar}</span>}>
          <ul className={css.hits} aria-live="polite">
            {hits.slice(0, 3).map(({ score, record: r }, i) => (
              <li key={r.number}>
                <div className={css.hitHead}>
                  <Link to="/r/$number" params={{ number: r.number }} target="_blank" className="no">{r.number}</Link>
                  {tag(r)}
                  <span className={css.score}>{m.desk.score(Math.round(score <= 1 ? score * 100 : score))}</span>
                  {i === 0 && <Kbd k="alt+m" />}
                </div>
                <div>{r.title}</div>
                <div className="sub">{r.requester ? m.desk.similarBy(moment(r.created_at, now), r.requester.name) : m.desk.similarAt(moment(r.created_at, now))}</div>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {d.customer?.id ? <CustomerHistory id={d.customer.id} /> : <p className={css.wait}>{m.desk.historyWait}</p>}
    </aside>
  )
}

function CustomerHistory({ id }: { id: string }) {
  const m = useM()
  const now = useNow()
  const query = useQuery({ queryKey: ['history', id], queryFn: ({ signal }) => api.get<History>(`/customers/${id}/history`, { days: 90 }, signal), staleTime: 60_000 })
  const h = query.data
  const day = (t: string) => (sameDay(t, now) ? m.app.today : exact(ms(t)).slice(5, 10))
  const facts = h ? [h.last_rating !== null && h.last_rating !== 'declined' && m.desk.historyRating(h.last_rating), h.open > 0 && m.desk.historyOpen(h.open), h.same_day_calls > 0 && m.desk.historyToday(h.same_day_calls + 1)].filter(Boolean) : []
  return (
    <Section title={m.desk.history}>
      {query.isPending ? (
        <Skeleton rows={3} kind="record" />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.data.items.length === 0 ? (
        <p className="muted">{m.desk.historyNone}</p>
      ) : (
        <>
          <ul className={css.history}>
            {query.data.items.filter((r) => r.type !== 'call').slice(0, 6).map((r) => (
              <li key={r.number}>
                <time className="sub num" title={exact(r.created_at)}>{day(r.created_at)}</time>
                <span className="grow"><Link to="/r/$number" params={{ number: r.number }} target="_blank">{r.title}</Link> <span className="muted no">{r.number}</span></span>
                {tag(r)}
              </li>
            ))}
          </ul>
          {facts.length > 0 && <p className="sub num">{facts.join(' · ')}</p>}
        </>
      )}
    </Section>
  )
}
