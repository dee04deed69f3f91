import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Download, Focus, ShieldCheck, ShieldX } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { api, apiUrl } from '@/api/client'
import { metaQuery } from '@/api/queries'
import { say } from '@/api/problem'
import type { FieldMeta, Page } from '@/api/types'
import type { Filters } from '@/shared/list/filters'
import { FilterRow } from '@/shared/list/FilterRow'
import { useM } from '@/shared/lib/i18n'
import { exact } from '@/shared/lib/time'
import { Button, IconButton } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { DataTable } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'
import css from './audit.module.css'
import { linkOf, saidBy, useMentioned, type AuditEvent, type Said } from './model'

export const auditFilters = ['q', 'actor', 'kind', 'subject', 'customer', 'from', 'to', 'stream']

const dayStart = (d: string | undefined, plus = 0) => {
  if (!d) return undefined
  const t = new Date(`${d}T00:00:00`)
  if (Number.isNaN(t.getTime())) return undefined
  t.setDate(t.getDate() + plus)
  return t.toISOString()
}

/** The filters as the server takes them: whole days, the last one included. */
const queryOf = ({ q, from, to, ...rest }: Filters) => ({ ...rest, number: q, from: dayStart(from), to: dayStart(to, 1) })

/** Everything that was ever changed, newest first, and the proof that it is all still there. */
export function AuditPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const query = useInfiniteQuery({
    queryKey: ['audit', filters],
    queryFn: ({ pageParam, signal }) => api.get<Page<AuditEvent>>('/audit', { ...queryOf(filters), limit: 100, cursor: pageParam }, signal),
    initialPageParam: '' as string,
    getNextPageParam: (p) => p.next_cursor || undefined,
    placeholderData: (old) => old,
  })
  const rows = query.data?.pages.flatMap((p) => p.items)
  const names = useMentioned(rows ?? [], meta)
  const subjects = { ...Object.fromEntries(meta.types.map((t) => [t.type, t.label])), ...m.audit.subjects }
  const options = (labels: Record<string, string>) => Object.entries(labels).map(([value, label]) => ({ value, label }))
  const subjectOf = (kind: string) => m.audit.subjects[kind.split('.')[0] ?? '']
  const fields: FieldMeta[] = [
    { name: 'actor', type: 'ref', to: 'person', label: m.audit.who },
    { name: 'kind', type: 'enum', label: m.audit.kind, options: Object.entries(m.audit.kinds).map(([value, label]) => ({ value, label, hint: subjectOf(value) ?? '' })) },
    { name: 'subject', type: 'enum', label: m.audit.subject, options: options(subjects) },
    { name: 'customer', type: 'ref', to: 'customer', label: m.audit.customer },
    { name: 'from', type: 'date', label: m.audit.from },
    { name: 'to', type: 'date', label: m.audit.to },
  ]
  return (
    <PageFrame
      title={m.audit.title}
      sub={m.audit.hint}
      tools={
        <>
          <Verify onLook={(number) => onFilters(number ? { q: number } : {})} />
          <Button icon={<Download size={15} strokeWidth={1.75} />} onClick={() => window.location.assign(apiUrl('/audit/export', queryOf(filters)))}>{m.audit.export}</Button>
        </>
      }
      bar={<FilterRow search={m.audit.number} fields={fields} filters={filters} onChange={onFilters} end={filters.stream && <Chip tone="accent">{m.audit.one}</Chip>} />}
    >
      <DataTable
        label={m.audit.title}
        top
        rows={rows}
        error={query.isError ? query.error : undefined}
        onRetry={() => void query.refetch()}
        more={query.hasNextPage ? { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() } : null}
        rowKey={(e) => e.id}
        empty={Object.keys(filters).length ? m.audit.emptyFiltered : m.audit.empty}
        emptyAction={Object.keys(filters).length ? <Button onClick={() => onFilters({})}>{m.audit.clear}</Button> : undefined}
        columns={[
          { name: 'when', label: m.audit.when, width: 156, cell: (e) => <time className="no">{exact(e.at)}</time> },
          { name: 'who', label: m.audit.who, width: 130, cell: (e) => <>{e.via !== 'system' ? e.actor_name : ((typeof e.data?.person === 'string' && names[e.data.person]) || m.audit.system)} {e.via === 'token' && <Chip>{m.audit.via.token}</Chip>}</> },
          { name: 'what', label: m.audit.what, width: 130, cell: (e) => m.audit.kinds[e.kind] ?? e.kind },
          { name: 'thing', label: m.audit.thing, width: 240, cell: (e) => <Thing e={e} to={linkOf(e, meta)} subject={subjects[e.subject] ?? e.subject} onOnly={filters.stream ? undefined : () => onFilters({ stream: e.stream })} /> },
          { name: 'customer', label: m.audit.customer, width: 150, cell: (e) => <span className="sub">{e.customer && (names[e.customer] ?? '')}</span> },
          { name: 'changes', label: m.audit.changes, cell: (e) => <Changes said={saidBy(e, meta, names, m)} because={typeof e.data?.because === 'string' ? e.data.because : ''} hash={e.hash} seal={e.seal} /> },
        ]}
      />
    </PageFrame>
  )
}

function Thing({ e, to, subject, onOnly }: { e: AuditEvent; to: string | null; subject: string; onOnly: (() => void) | undefined }) {
  const m = useM()
  return (
    <span className={css.thing}>
      <span className="muted">{subject}</span> {to ? <Link to={to as '/'} className="no">{e.number || subject}</Link> : <span className="no">{e.number}</span>}
      {onOnly && <IconButton small label={m.audit.only} icon={<Focus size={13} strokeWidth={1.75} />} onClick={onOnly} />}
    </span>
  )
}

function Changes({ said, because, hash, seal }: { said: Said[]; because: string; hash: string; seal: number }) {
  const m = useM()
  const line = (s: Said) => (s.before !== undefined ? m.audit.change(s.label, s.before, s.after) : m.audit.set(s.label, s.after))
  const first = said.slice(0, 2), rest = said.slice(2)
  return (
    <div className={css.changes}>
      {because && <div className="muted">{m.audit.because(because)}</div>}
      {first.map((s, i) => <div key={i} className={css.line}>{line(s)}</div>)}
      <details>
        <summary>{rest.length > 0 ? m.audit.more(rest.length) : m.audit.details}</summary>
        {rest.map((s, i) => <div key={i} className={css.line}>{line(s)}</div>)}
        <div className={css.hash}><code>{hash}</code> <span className="muted">{seal > 0 ? m.audit.seal(seal) : m.audit.notSealed}</span></div>
      </details>
    </div>
  )
}

interface Report {
  intact: boolean
  events: number
  streams: number
  seals: number
  unsealed: number
  last_seal: number
  last_hash: string
  broken: number
  sentence?: string
  first?: { number?: string }
}

/** Recomputes every hash on the server; says how long it takes, and the result in words. */
function Verify({ onLook }: { onLook: (number: string | undefined) => void }) {
  const m = useM()
  const [state, setState] = useState<'idle' | 'running' | Report>('idle')
  const [error, setError] = useState('')
  const [seconds, setSeconds] = useState(0)
  const abort = useRef<AbortController>(null)
  useEffect(() => {
    if (state !== 'running') return
    const id = setInterval(() => setSeconds((s) => s + 1), 1000)
    return () => clearInterval(id)
  }, [state])
  useEffect(() => () => abort.current?.abort(), [])
  const run = async () => {
    setState('running')
    setSeconds(0)
    setError('')
    abort.current = new AbortController()
    try {
      setState(await api.get<Report>('/audit/verify', undefined, abort.current.signal))
    } catch (e) {
      if (abort.current.signal.aborted) return
      setError(say(e, m.error.network))
      setState('idle')
    }
  }
  const n = (x: number) => x.toLocaleString()
  return (
    <>
      <Button icon={<ShieldCheck size={15} strokeWidth={1.75} />} busy={state === 'running'} onClick={() => void run()}>{m.audit.verify}</Button>
      {(state !== 'idle' || error) && (
        <div className={css.result} role="status">
          {error && <span className={css.bad}>{error}</span>}
          {state === 'running' && <><span className="num">{m.audit.verifying(seconds)}</span> {seconds >= 3 && <span className="muted">{m.audit.verifyHint}</span>}</>}
          {typeof state === 'object' && (
            <>
              <span className={state.intact ? css.good : css.bad}>
                {state.intact ? <ShieldCheck size={16} strokeWidth={1.75} aria-hidden /> : <ShieldX size={16} strokeWidth={1.75} aria-hidden />}
                {state.intact ? m.audit.intact : m.audit.broken(n(state.broken))}
              </span>
              <span className="num">{m.audit.sum(n(state.events), n(state.streams), n(state.seals))}</span>
              {!state.intact && state.sentence && <span>{state.sentence} {state.first?.number && <Button kind="link" onClick={() => onLook(state.first?.number)}>{m.audit.look}</Button>}</span>}
              {state.unsealed > 0 && <span className="muted num">{m.audit.unsealed(n(state.unsealed))}</span>}
              {state.last_seal > 0 && <span className="muted">{m.audit.lastSeal(state.last_seal)} <code className={css.seal}>{state.last_hash}</code></span>}
            </>
          )}
        </div>
      )}
    </>
  )
}
