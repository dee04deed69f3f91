import { useQueries, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useId, useState } from 'react'
import { api } from '@/api/client'
import { publicDaysQuery, type Explained, type LedgerEntry, type Spec } from '@/api/sla'
import { DateInput } from '@/shared/form/Dates'
import { now as clockNow, useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment, ms } from '@/shared/lib/time'
import { seconds } from '@/shared/promise/hours'
import { Ledger } from '@/shared/promise/Ledger'
import { ErrorState } from '@/shared/ui/Empty'
import { Field, Input } from '@/shared/ui/Field'
import css from './calendars.module.css'
import { withPublic } from './model'

interface Answer {
  result: string | null
  ledger: LedgerEntry[]
}

/** When so much working time will have passed, by the calendar as it is written now. */
export function Simulate({ spec, country }: { spec: Spec; country: boolean }) {
  const m = useM()
  const now = useNow()
  const id = useId()
  const [start, setStart] = useState(() => new Date(Math.floor(clockNow() / 60_000) * 60_000).toISOString())
  const [text, setText] = useState(() => m.time.hours(16))
  const length = seconds(text)
  const year = new Date(start).getFullYear()
  const years = useQueries({ queries: [year - 1, year, year + 1].map((y) => ({ ...publicDaysQuery(y), enabled: country && !Number.isNaN(y) })) })
  const days = country ? years.flatMap((y) => y.data?.days ?? []) : []
  const body = useDeferredValue(JSON.stringify({ calendar: withPublic(spec, days), op: 'add', start, seconds: length }))
  const query = useQuery({
    queryKey: ['calc', 'business-time', body],
    queryFn: ({ signal }) => api.post<Answer>('/calc/business-time', JSON.parse(body), { signal }),
    enabled: length !== null && !Number.isNaN(year) && (!country || years.every((y) => !y.isPending)),
    placeholderData: (old) => old,
    staleTime: Infinity,
    retry: false,
  })
  const names = new Map(days.map((d) => [d.date, d.name]))
  const named = (e: LedgerEntry): LedgerEntry => (e.name || (e.kind !== 'holiday' && e.kind !== 'make_up') ? e : { ...e, name: names.get(e.from.slice(0, 10)) ?? '' })
  const out = query.data
  return (
    <section className={css.block} aria-labelledby="simulate">
      <div className={css.blockHead}><h2 id="simulate">{m.calendars.simulate}</h2><span className="muted">{m.calendars.simulateHint}</span></div>
      <div className={css.try}>
        <div className={css.tryField}>
          <label htmlFor={id}>{m.calendars.start}</label>
          <DateInput field={{ name: 'start', type: 'datetime', label: m.calendars.start }} value={start} onChange={(v) => typeof v === 'string' && setStart(v)} a11y={{ id }} />
        </div>
        <Field label={m.calendars.length} stacked error={length === null ? m.calendars.badLength : undefined}>{(a) => <Input {...a} value={text} maxLength={40} onChange={(e) => setText(e.target.value)} />}</Field>
      </div>
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {out && length !== null && (
        <>
          <p className={css.result} role="status">{out.result ? m.calendars.result(moment(out.result, now)) : m.calendars.never}</p>
          {out.result && ms(out.result) > ms(start) && <Ledger x={asExplained(out.ledger.map(named), length)} />}
        </>
      )}
    </section>
  )
}

/** The account of a calculation in the shape of a clock that has just run out. */
const asExplained = (ledger: LedgerEntry[], length: number): Explained => ({
  target: '', label: '', kind: 'sla', agreement: '', agreement_name: '', agreement_id: '', agreement_version: 0, calendar: '', timezone: '', started_at: ledger[0]?.from ?? '', ended_at: null,
  target_seconds: length, bound_by: 'target', state: 'running', due: null, elapsed: length, remaining: 0, paused_seconds: 0, breached_at: null, ledger, forecast: [], shares: [], points: [], reports: [], changes: [], review: null,
})
