import { useInfiniteQuery, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BellRing, ChevronLeft, ChevronRight, CirclePause, Paperclip, Send } from 'lucide-react'
import { Fragment, lazy, Suspense, useEffect, useRef, useState, type FormEvent } from 'react'
import { api, apiUrl, onceKey } from '@/api/client'
import { metaQuery, recordQuery, timelineQuery } from '@/api/queries'
import { Problem, say } from '@/api/problem'
import type { Action, Entry, FileRef, RecordView } from '@/api/types'
import { FileChip } from '@/shared/form/FieldValue'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { day, exact, hm, moment, ms, sameDay } from '@/shared/lib/time'
import { keyOf } from '@/shared/record/clocks'
import { afterWrite } from '@/shared/record/useRecord'
import { useTransition } from '@/shared/record/useTransition'
import { Button, IconButton } from '@/shared/ui/Button'
import { Choices } from '@/shared/ui/Choices'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { TextArea } from '@/shared/ui/Field'
import { Markdown } from '@/shared/ui/Markdown'
import { Avatar } from '@/shared/ui/Person'
import { toast } from '@/shared/ui/Toast'
import { expectation, stepsOf } from './model'
import { PhotoList, Steps, usePhotos } from './parts'
import css from './portal.module.css'

const WhyDrawer = lazy(() => import('@/shared/promise/WhyDrawer'))

/** One report as its customer follows it. */
export function ReportPage({ number, intent }: { number: string; intent?: string | undefined }) {
  const m = useM()
  const query = useQuery(recordQuery(number))
  if (query.isPending) return <div className={css.page}><Skeleton rows={6} kind="record" /></div>
  if (query.isError) {
    if (query.error instanceof Problem && query.error.status === 404) return <EmptyState action={<Link to="/portal">{m.portal.toHome}</Link>}>{m.portal.gone}</EmptyState>
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  }
  return <Report r={query.data} intent={intent} />
}

function Report({ r, intent }: { r: RecordView; intent: string | undefined }) {
  const m = useM()
  const now = useNow()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const over = r.state.kind === 'done' || r.state.kind === 'cancelled'
  const strip = r.strip?.length ? r.strip : stepsOf(r, meta.types.find((t) => t.type === r.type))
  // The step in which it stands is named as the state is: 等您答复 says more than 处理中.
  const steps = strip.map((s) => (s.phase === 'current' ? { ...s, label: r.state.label } : s))
  const headline = expectation(r, now, m)
  const [why, setWhy] = useState(false)
  const late = headline === m.portal.late
  const due = r.promise?.due_at ?? r.due_at
  const wished = typeof r.fields.expected_solve_at === 'string' ? r.fields.expected_solve_at : null
  const closed = r.milestones?.closed
  const under = late && due ? m.portal.lateSince(moment(due, now)) : over && closed ? m.portal.done(moment(closed, now)) : wished && ms(wished) > now && !over ? m.portal.agreed(moment(wished, now)) : ''
  const mineHow = m.portal.how[r.channel ?? ''] ?? m.portal.howOther
  return (
    <div className={css.page}>
      <div className={css.crumbs}>
        <Link to="/portal/reports" className={css.backSmall}><ChevronLeft size={20} strokeWidth={1.75} className={css.narrow} aria-hidden /><span>{m.portal.mine}</span></Link>
        <ChevronRight size={14} strokeWidth={1.75} className={css.wide} aria-hidden />
        <span className="muted no">{r.number}</span>
      </div>
      <div className={css.detail}>
        <div className={css.mainCol}>
          <section className={cx(css.card, css.headCard)}>
            <div className={css.headLine}>
              <div className="grow">
                <h1 className={css.title}>{r.title}</h1>
                <p className="sub num">{m.portal.openSince(moment(r.created_at, now), mineHow)}</p>
              </div>
              <div className={css.headline}>
                <p className={cx(css.expectBig, late && css.late, 'num')}>{headline}</p>
                {under && <p className="sub num">{under}</p>}
                {r.promise?.agreement && !over && <Button kind="link" onClick={() => setWhy(true)}>{m.promise.why}</Button>}
              </div>
            </div>
            <Steps steps={steps} times />
          </section>
          <YourTurn r={r} intent={intent} />
          <Conversation r={r} />
        </div>
        <aside className={css.sideCol}>
          <Handler r={r} over={over} />
          <Content r={r} />
        </aside>
      </div>
      {why && r.promise && <Suspense><WhyDrawer record={r} clock={keyOf(r.promise)} onClose={() => setWhy(false)} /></Suspense>}
    </div>
  )
}

// ── what needs the customer ─────────────────────────────────────────────────
function YourTurn({ r, intent }: { r: RecordView; intent: string | undefined }) {
  const actions = r.next_steps.actions
  const by = (code: string) => actions.find((a) => a.transition === code)
  const confirm = by('confirm')
  const dispute = by('dispute')
  const answer = by('customer_answered') ?? by('answer')
  const rest = actions.filter((a) => ![confirm, dispute, answer].includes(a))
  return (
    <>
      {(confirm || dispute) && <ConfirmBox r={r} confirm={confirm} dispute={dispute} intent={intent} key={r.version} />}
      {answer && <AnswerBox r={r} action={answer} open={intent === 'answer'} />}
      {rest.length > 0 && <OtherSteps r={r} actions={rest} />}
    </>
  )
}

function useMove(r: RecordView) {
  const m = useM()
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const move = async (transition: string, body: object, done: string) => {
    if (busy) return
    setBusy(true)
    setError('')
    try {
      afterWrite(client, await api.post<RecordView>(`/${r.plural}/${r.number}/${transition}`, body, { version: r.version }))
      toast(done)
    } catch (e) {
      if (e instanceof Problem && e.stale) void client.invalidateQueries({ queryKey: [`record:${r.number}`] })
      setError([say(e, m.error.network), ...(e instanceof Problem ? e.errors.map((x) => x.detail) : [])].join(' '))
    } finally {
      setBusy(false)
    }
  }
  return { move, busy, error, setError }
}

function ConfirmBox({ r, confirm, dispute, intent }: { r: RecordView; confirm: Action | undefined; dispute: Action | undefined; intent: string | undefined }) {
  const m = useM()
  const { move, busy, error, setError } = useMove(r)
  const [mode, setMode] = useState<'' | 'confirm' | 'dispute'>(intent === 'dispute' && dispute ? 'dispute' : intent === 'confirm' && confirm ? 'confirm' : '')
  const [rating, setRating] = useState<string | null>(null)
  const [text, setText] = useState('')
  const wantsRating = !!confirm?.form.fields.includes('satisfaction')
  const solution = ['solution', 'fulfilment', 'feedback', 'processing_result'].map((f) => r.fields[f]).find((v): v is string => typeof v === 'string' && v !== '')
  const submit = (e: FormEvent) => {
    e.preventDefault()
    if (mode === 'confirm') {
      if (wantsRating && rating === null) return setError(m.portal.needRate)
      void move('confirm', { ...(rating !== null ? { satisfaction: rating === 'declined' ? 'declined' : Number(rating) } : {}), ...(text.trim() ? { comment: text.trim() } : {}) }, m.portal.confirmed)
    } else {
      if (!text.trim()) return setError(m.portal.needProblem)
      void move('dispute', { comment: text.trim() }, m.portal.disputed)
    }
  }
  // After confirming, "not yet" stays possible but small.
  if (!confirm && mode !== 'dispute') return <p className={css.quiet}><Button kind="link" onClick={() => setMode('dispute')}>{m.portal.no}</Button></p>
  return (
    <section className={css.needsBox} aria-labelledby="confirm">
      <h2 id="confirm">{m.portal.confirmTitle}</h2>
      {solution && <div className={css.solution}><span className="sub">{m.portal.solution}</span><Markdown text={solution} /></div>}
      {mode === '' ? (
        <>
          <p className="sub">{m.portal.confirmText}</p>
          <div className={css.pairButtons}>
            {dispute && <Button size="large" onClick={() => setMode('dispute')}>{m.portal.no}</Button>}
            <Button size="large" kind="primary" onClick={() => setMode('confirm')}>{m.portal.yes}</Button>
          </div>
        </>
      ) : (
        <form onSubmit={submit} className={css.confirmForm} noValidate>
          {mode === 'confirm' && wantsRating && (
            <fieldset>
              <legend>{m.portal.rate}</legend>
              <Choices label={m.portal.rate} options={[...m.portal.rates.map((label, i) => ({ value: String(i + 1), label })).reverse(), { value: 'declined', label: m.portal.declined }]} value={rating} onChange={(v) => (setRating(v), setError(''))} invalid={error === m.portal.needRate} />
            </fieldset>
          )}
          <label className={css.areaLabel}>
            <span>{mode === 'confirm' ? m.portal.commentHint : m.portal.problem}</span>
            <TextArea rows={3} maxLength={20000} autoFocus={mode === 'dispute' || !wantsRating} value={text} placeholder={mode === 'dispute' ? m.portal.problemHint : undefined} onChange={(e) => (setText(e.target.value), setError(''))} />
          </label>
          {error && <p className={css.errorText} role="alert">{error}</p>}
          <div className={css.pairButtons}>
            <Button size="large" kind="quiet" onClick={() => (setMode(''), setError(''))}>{m.app.cancel}</Button>
            <Button size="large" kind="primary" type="submit" busy={busy}>{mode === 'confirm' ? m.portal.yes : m.portal.sendProblem}</Button>
          </div>
        </form>
      )}
    </section>
  )
}

function AnswerBox({ r, action, open }: { r: RecordView; action: Action; open: boolean }) {
  const m = useM()
  const { move, busy, error, setError } = useMove(r)
  const [text, setText] = useState('')
  const asked = typeof r.fields.waiting_reason === 'string' ? r.fields.waiting_reason : ''
  const submit = (e: FormEvent) => {
    e.preventDefault()
    if (!text.trim()) return setError(m.portal.needAnswer)
    void move(action.transition, { comment: text.trim() }, m.portal.answered)
  }
  return (
    <section className={css.needsBox} aria-labelledby="answer">
      <h2 id="answer">{m.portal.waitingTitle}</h2>
      {asked && <p>{asked}</p>}
      <form onSubmit={submit} className={css.confirmForm} noValidate>
        <TextArea rows={3} maxLength={20000} aria-label={m.portal.answerHint} placeholder={m.portal.answerHint} autoFocus={open} value={text} onChange={(e) => (setText(e.target.value), setError(''))} />
        {error && <p className={css.errorText} role="alert">{error}</p>}
        <div><Button size="large" kind="primary" type="submit" busy={busy}>{m.portal.sendAnswer}</Button></div>
      </form>
    </section>
  )
}

function OtherSteps({ r, actions }: { r: RecordView; actions: Action[] }) {
  const { start, busy, dialog } = useTransition(r)
  return (
    <section className={css.needsBox}>
      <h2>{r.next_steps.headline}</h2>
      <div className={css.pairButtons}>
        {actions.map((a, i) => <Button key={a.transition} size="large" kind={i === 0 ? 'primary' : 'default'} busy={busy === a.transition} onClick={() => start(a)}>{a.label.replace(/…$/, '')}</Button>)}
      </div>
      {dialog}
    </section>
  )
}

// ── the conversation ────────────────────────────────────────────────────────
function Conversation({ r }: { r: RecordView }) {
  const m = useM()
  const now = useNow()
  const query = useInfiniteQuery(timelineQuery(r.plural, r.number, 'all'))
  // The first page is the newest; within a page the oldest stands first.
  const shown = [...(query.data?.pages ?? [])].reverse().flatMap((p) => p.items).filter((e) => e.public && (e.kind === 'comment' || wordsOf(e)))
  // What is one step to the customer is said once.
  const once = shown.filter((e, i) => e.kind !== 'moved' || wordsOf(e) !== wordsOf(shown.slice(0, i).filter((x) => x.kind === 'moved').at(-1)))
  const entries = once.reduce<(Entry & { way?: string[] })[]>((list, e) => {
    const last = list.at(-1)
    if (e.kind === 'moved' && last?.kind === 'moved' && sameDay(last.at, e.at)) list[list.length - 1] = { ...e, at: last.at, way: [...(last.way ?? [wordsOf(last)]), wordsOf(e)] }
    else list.push(e)
    return list
  }, [])
  const end = useRef<HTMLDivElement>(null)
  const count = useRef(0)
  useEffect(() => {
    if (count.current > 0 && entries.length > count.current) end.current?.scrollIntoView({ block: 'nearest' })
    count.current = entries.length
  }, [entries.length])
  return (
    <section className={cx(css.card, css.talk)} aria-labelledby="talk">
      <h2 id="talk" className="sr">{m.portal.conversation}</h2>
      {query.hasNextPage && <div className={css.center}><Button kind="quiet" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{m.portal.earlier}</Button></div>}
      {query.isPending ? (
        <Skeleton rows={4} kind="record" />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : entries.length === 0 ? (
        <p className={css.empty}>{m.portal.noTalk}</p>
      ) : (
        <ol className={css.entries}>
          {entries.map((e, i) => {
            const before = entries[i - 1]
            return (
              <Fragment key={e.id}>
                {(before ? !sameDay(before.at, e.at) : !sameDay(e.at, now)) && <li className={css.dayMark}>{sameDay(e.at, now) ? m.app.today : day(e.at, now)}</li>}
                <Line e={e} r={r} />
              </Fragment>
            )
          })}
        </ol>
      )}
      <div ref={end} />
      {r.can?.comment !== false && <Compose r={r} />}
    </section>
  )
}

/** A move in the customer's words: where it came to, not what the step is called inside. */
const wordsOf = (e: Entry | undefined) => (e?.kind === 'moved' ? (e.transition?.to ?? '') : (e?.text ?? ''))

function Line({ e, r }: { e: Entry & { way?: string[] }; r: RecordView }) {
  const m = useM()
  if (e.kind !== 'comment') {
    const waiting = e.transition?.to && r.state.waiting_on === 'customer' && e.transition.to === r.state.label
    return (
      <li className={css.moved}>
        <CirclePause size={17} strokeWidth={1.75} className={waiting ? undefined : css.hiddenIcon} aria-hidden />
        <span className="num">{hm(e.at)} {e.way ? e.way.join(' → ') : wordsOf(e)}</span>
      </li>
    )
  }
  const me = !!e.author?.me
  const name = me ? m.portal.you : (e.author?.name ?? '')
  const role = me ? '' : e.author?.side === 'customer' ? m.portal.colleague : m.portal.engineer
  return (
    <li className={cx(css.said, me && css.saidByMe)}>
      <Avatar name={e.author?.name ?? '?'} size={32} />
      <div className={css.bubble}>
        <header><b>{name}</b>{role && <span className="muted">{role}</span>}<time className="muted num" title={exact(e.at)}>{hm(e.at)}</time></header>
        <div className={css.saidText}>
          {e.body && <Markdown text={e.body} />}
          {(e.attachments?.length ?? 0) > 0 && <span className={css.files}>{e.attachments?.map((f) => <Attached key={f.id} f={f} />)}</span>}
        </div>
      </div>
    </li>
  )
}

/** Pictures show themselves; everything else downloads. */
function Attached({ f }: { f: FileRef }) {
  const [broken, setBroken] = useState(false)
  if (!f.type.startsWith('image/') || broken) return <FileChip id={f.id} name={f.name} size={f.size} />
  return <a href={apiUrl(`/files/${f.id}`)} target="_blank" rel="noreferrer" className={css.thumb}><img src={apiUrl(`/files/${f.id}`)} alt={f.name} loading="lazy" onError={() => setBroken(true)} /></a>
}

function Compose({ r }: { r: RecordView }) {
  const m = useM()
  const client = useQueryClient()
  const draft = `steward.portal.say.${r.number}`
  const [text, setText] = useState(() => sessionStorage.getItem(draft) ?? '')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const once = useRef(onceKey())
  const input = useRef<HTMLInputElement>(null)
  const { photos, add, retry, remove, clear, ids, sending } = usePhotos()
  useEffect(() => {
    if (text) sessionStorage.setItem(draft, text)
    else sessionStorage.removeItem(draft)
  }, [text, draft])
  const send = async (e?: FormEvent) => {
    e?.preventDefault()
    if (busy || (!text.trim() && ids.length === 0)) return
    if (sending) return setError(m.portal.waitPhotos)
    setBusy(true)
    setError('')
    try {
      await api.post(`/${r.plural}/${r.number}/comments`, { body: text.trim(), public: true, attachments: ids }, { once: once.current })
      once.current = onceKey()
      setText('')
      clear()
      await client.invalidateQueries({ queryKey: [`record:${r.number}`] })
    } catch (x) {
      setError([say(x, m.error.network), ...(x instanceof Problem ? x.errors.map((y) => y.detail) : [])].join(' '))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className={css.compose} onSubmit={(e) => void send(e)} noValidate>
      <TextArea
        rows={2}
        maxLength={20000}
        aria-label={m.portal.write}
        placeholder={r.assignee ? m.portal.writeTo(r.assignee.name) : m.portal.writeDesk}
        value={text}
        onChange={(e) => setText(e.target.value)}
        onPaste={(e) => e.clipboardData.files.length > 0 && (e.preventDefault(), add(e.clipboardData.files))}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) void send(e)
        }}
      />
      <PhotoList photos={photos} onRemove={remove} onRetry={retry} />
      {error && <p className={css.errorText} role="alert">{error}</p>}
      <div className={css.composeFoot}>
        <input ref={input} type="file" multiple hidden onChange={(e) => (e.target.files && add(e.target.files), (e.target.value = ''))} />
        <Button kind="quiet" className={css.wide} icon={<Paperclip size={16} strokeWidth={1.75} />} onClick={() => input.current?.click()}>{m.portal.addFile}</Button>
        <IconButton className={css.narrow} label={m.portal.addFile} icon={<Paperclip size={20} strokeWidth={1.75} />} onClick={() => input.current?.click()} />
        <Button kind="primary" type="submit" busy={busy} icon={<Send size={16} strokeWidth={1.75} className={css.narrow} />}>{m.portal.sendMessage}</Button>
      </div>
    </form>
  )
}

// ── beside ──────────────────────────────────────────────────────────────────
function Handler({ r, over }: { r: RecordView; over: boolean }) {
  const m = useM()
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const can = r.can as { urge?: boolean } | undefined
  const urge = async () => {
    setBusy(true)
    try {
      afterWrite(client, await api.post<RecordView>(`/${r.plural}/${r.number}/urge`, {}))
      toast(m.portal.urged)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className={cx(css.card, css.padded)}>
      <div className={css.handler}>
        {r.assignee ? (
          <>
            <Avatar name={r.assignee.name} size={44} />
            <p><b>{r.assignee.name}</b><span className="sub">{over || r.state.kind === 'waiting' ? m.portal.handlerDone : m.portal.handler}</span></p>
          </>
        ) : (
          <p className="sub">{over ? r.state.label : m.portal.noHandler}</p>
        )}
      </div>
      {can?.urge && r.state.kind !== 'waiting' && <Button block icon={<BellRing size={16} strokeWidth={1.75} />} busy={busy} onClick={() => void urge()}>{m.portal.urge}</Button>}
    </section>
  )
}

function Content({ r }: { r: RecordView }) {
  const m = useM()
  const now = useNow()
  const f = r.fields
  const text = (v: unknown) => (typeof v === 'string' && v ? v : null)
  const rows: [string, string | null][] = [
    [m.portal.place, r.site?.name ?? null],
    [m.portal.text, r.description || null],
    [m.portal.started, text(f.occurred_at) ? moment(String(f.occurred_at), now) : null],
    [m.portal.service, r.service?.name ?? null],
    [m.portal.reporter, r.requester?.name ?? null],
    [m.portal.contact, text(f.contact_phone)],
  ]
  const files = r.attachments ?? []
  return (
    <section className={cx(css.card, css.padded)} aria-labelledby="content-of">
      <h2 id="content-of">{m.portal.content}</h2>
      <dl className={css.pairs}>
        {rows.filter(([, v]) => v).map(([name, v]) => <div key={name}><dt>{name}</dt><dd>{v}</dd></div>)}
      </dl>
      {files.length > 0 && <div className={css.files}>{files.map((x) => <Attached key={x.id} f={x} />)}</div>}
    </section>
  )
}
