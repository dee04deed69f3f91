import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight, CircleCheck, ClipboardList, MessageCircleQuestion, TriangleAlert } from 'lucide-react'
import { useId } from 'react'
import { metaQuery, noticesQuery } from '@/api/queries'
import { useSession } from '@/api/session'
import type { Summary } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { exact, hm, moment, sameDay } from '@/shared/lib/time'
import { ButtonLink } from '@/shared/ui/Button'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { expectation, stepsOf, typesOf, useMine, waitsForYou } from './model'
import { Steps } from './parts'
import css from './portal.module.css'

const icon = { size: 22, strokeWidth: 1.75, 'aria-hidden': true } as const

/** What a customer needs first: help, what needs them, and how their reports stand. */
export function HomePage() {
  const m = useM()
  const now = useNow()
  const session = useSession()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const mine = useMine({ requester: 'me', open: true })
  const who = session.person.form_of_address || session.person.name
  const types = typesOf(meta)
  const fault = types.find((t) => t.type === 'incident')
  const others = types.filter((t) => t.type !== 'incident')
  const needs = mine.items.filter(waitsForYou)
  const hour = Number(hm(now).slice(0, 2))
  return (
    <div className={css.page}>
      <h1 className={css.hello}>
        <span className={css.wide}>{m.portal.hello(who, hour)}</span>
        <span className={css.narrow}>{m.portal.helloShort(who)}</span>
      </h1>
      <div className={css.doors}>
        {fault && (
          <Link to="/portal/report" className={cx(css.door, css.big)} data-solid="">
            <TriangleAlert {...icon} />
            <span><b>{m.portal.report}</b><span className={css.wide}>{m.portal.reportText}<br />{m.portal.reportUrgent}</span></span>
            <ChevronRight size={20} strokeWidth={1.75} className={css.narrow} aria-hidden />
          </Link>
        )}
        {others.map((t) => (
          <Link key={t.type} to="/portal/new/$plural" params={{ plural: t.plural }} className={css.door}>
            <ClipboardList {...icon} />
            <span><b>{t.type === 'request' ? m.portal.askService : m.portal.ask(t.label)}</b>{t.type === 'request' && <span className={css.wide}>{m.portal.askText}</span>}</span>
          </Link>
        ))}
      </div>
      {needs.map((r, i) => <NeedsYou key={r.number} r={r} first={i === 0} />)}
      <div className={css.columns}>
        <section className={css.card} aria-labelledby="mine">
          <header className={css.cardHead}>
            <h2 id="mine">{m.portal.mine}</h2>
            {!mine.isPending && <span className="muted num">{m.portal.running(mine.items.length)}</span>}
            <Link to="/portal/reports" className={css.cardLink}>{m.portal.all}</Link>
          </header>
          {mine.isPending ? (
            <Skeleton rows={3} kind="work" />
          ) : mine.error ? (
            <ErrorState error={mine.error} onRetry={mine.refetch} />
          ) : mine.items.length === 0 ? (
            <p className={css.empty}>{m.portal.none}</p>
          ) : (
            <ul>
              {mine.items.slice(0, 6).map((r) => <Row key={r.number} r={r} steps={stepsOf(r, meta.types.find((t) => t.type === r.type))} />)}
            </ul>
          )}
        </section>
        <Messages />
      </div>
    </div>
  )
}

/** The person on it, or that it has arrived. */
function Row({ r, steps }: { r: Summary; steps: ReturnType<typeof stepsOf> }) {
  const m = useM()
  const now = useNow()
  const late = expectation(r, now, m) === m.portal.late
  return (
    <li className={css.item}>
      <div className={css.itemHead}>
        <h3><Link to="/portal/r/$number" params={{ number: r.number }}>{r.title}</Link></h3>
        <span className={cx(css.expect, late && css.late, 'num')}>{expectation(r, now, m)}</span>
      </div>
      <p className={css.meta}>
        <span className="no">{r.number}</span> · <span className="num">{moment(r.created_at, now)}</span> · {r.assignee ? m.portal.working(r.assignee.name) : m.portal.received}
      </p>
      <Steps steps={steps} />
    </li>
  )
}

function NeedsYou({ r, first }: { r: Summary; first: boolean }) {
  const m = useM()
  const id = useId()
  const kind = first ? 'primary' : 'default'
  const confirm = r.next?.transition === 'confirm'
  return (
    <section className={css.needs} aria-labelledby={id}>
      {confirm ? <CircleCheck {...icon} /> : <MessageCircleQuestion {...icon} />}
      <div className="grow">
        <h2 id={id}>{confirm ? m.portal.fixed(r.title) : m.portal.waitsYou(r.title)}</h2>
        <p className={css.meta}><span className="no">{r.number}</span>{r.assignee && <> · {r.assignee.name}</>}</p>
      </div>
      <div className={css.needsActions}>
        {confirm ? (
          <>
            <ButtonLink to="/portal/r/$number" params={{ number: r.number }} search={{ do: 'dispute' }}>{m.portal.no}</ButtonLink>
            <ButtonLink kind={kind} to="/portal/r/$number" params={{ number: r.number }} search={{ do: 'confirm' }}>{m.portal.yes}</ButtonLink>
          </>
        ) : (
          <ButtonLink kind={kind} to="/portal/r/$number" params={{ number: r.number }} search={{ do: 'answer' }}>{m.portal.answer}</ButtonLink>
        )}
      </div>
    </section>
  )
}

function Messages() {
  const m = useM()
  const now = useNow()
  const query = useInfiniteQuery(noticesQuery(false))
  const items = query.data?.pages[0]?.items.slice(0, 6) ?? []
  return (
    <section className={css.card} aria-labelledby="messages">
      <header className={css.cardHead}><h2 id="messages">{m.portal.messages}</h2></header>
      {query.isPending ? (
        <Skeleton rows={3} kind="record" />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : items.length === 0 ? (
        <p className={css.empty}>{m.portal.noMessages}</p>
      ) : (
        <ul className={css.messages}>
          {items.map((n) => (
            <li key={n.id}>
              {n.number ? <Link to="/portal/r/$number" params={{ number: n.number }}>{n.text}</Link> : <span>{n.text}</span>}
              <time className="muted num" title={exact(n.at)}>{sameDay(n.at, now) ? hm(n.at) : moment(n.at, now)}</time>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
