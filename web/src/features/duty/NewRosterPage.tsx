import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { entryQuery, type Team } from '@/api/party'
import { publicDaysQuery, rosterQuery, type PublicDay, type Roster, type RosterBody, type Sheet } from '@/api/duty'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import { focusField } from '@/shared/form/FormFields'
import { now as instantNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { Button } from '@/shared/ui/Button'
import { PageFrame } from '@/shared/ui/Page'
import { BuilderFields, factsFrom, lacking, plain, type Draft } from './Builder'
import css from './duty.module.css'
import { holidaySchedule, iso } from './model'
import { addDays, daysBetween, daysOf, instantAt, turn, wall, yearOf, type Day } from './zoned'

/** Runs of days off of one holiday within a time. */
function runs(days: PublicDay[], from: Day, to: Day): { name: string; from: Day; to: Day }[] {
  const out: { name: string; from: Day; to: Day }[] = []
  for (const d of days) {
    if (!d.off || d.date < from || d.date > to) continue
    const last = out.at(-1)
    if (last && last.name === d.name && addDays(last.to, 1) === d.date) last.to = d.date
    else out.push({ name: d.name, from: d.date, to: d.date })
  }
  return out
}

/** A month's roster from a few facts. */
export function NewRosterPage() {
  const m = useM()
  const navigate = useNavigate()
  const client = useQueryClient()
  const { zone = 'Asia/Shanghai' } = useSession()
  const box = useRef<HTMLDivElement>(null)
  const [draft, setDraft] = useState<Draft>(() => {
    const next = daysOf('month', turn('month', wall(instantNow(), zone).day, 1))
    return { ...plain, start: next[0] ?? '', end: next.at(-1) ?? '' }
  })
  const [tried, setTried] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const team = useQuery({ ...entryQuery<Team>('/teams', draft.team), enabled: !!draft.team }).data
  const years = [...new Set([draft.start, draft.end].filter(Boolean).map(yearOf))]
  const notices = useQueries({ queries: years.map((y) => publicDaysQuery(y)) }).flatMap((q) => q.data ?? [])
  const holidays = draft.start && draft.end ? runs(notices, draft.start, draft.end) : []
  // A new team brings its people and a name; both can be changed.
  const [seen, setSeen] = useState('')
  if (team && seen !== team.id && draft.team === team.id) {
    setSeen(team.id)
    setDraft((d) => ({ ...d, people: team.members.map((x) => x.id), name: d.name && d.name !== m.duty.nameOf(d.teamName) ? d.name : m.duty.nameOf(team.name), teamName: team.name }))
  }
  const open = lacking(draft, m)
  const refused = problem instanceof Problem ? problem : null
  const errors: Record<string, string> = Object.fromEntries(Object.entries(refused?.byField() ?? {}).map(([k, v]) => [{ 'valid_to': 'end', 'valid_from': 'start' }[k] ?? k, v]))
  if (tried) for (const x of open) errors[x.field] ??= m.form.requiredField(x.label)
  if (draft.end && draft.start && draft.end < draft.start) errors.end ??= m.duty.endBefore

  const make = async () => {
    setTried(true)
    if (busy) return
    const first = open[0]?.field ?? (errors.end ? 'end' : undefined)
    if (first) return focusField(first, box.current ?? document)
    setBusy(true)
    setProblem(null)
    try {
      const body = await api.post<RosterBody>('/rosters/generate', factsFrom(draft, zone))
      let roster = await api.post<Roster>('/rosters', { team: draft.team, name: draft.name.trim(), body })
      if (draft.holidays && holidays.length > 0) {
        const schedules = []
        for (const h of holidays) {
          const from = instantAt(h.from, '00:00', zone), to = instantAt(addDays(h.to, 1), '00:00', zone)
          const sheet = await api.get<Sheet>(`/rosters/${roster.id}/shifts`, { from: iso(from - 86_400_000), to: iso(to + 86_400_000), draft: true })
          const special = holidaySchedule(h.name, from, to, sheet)
          if (special.shifts.length > 0) schedules.push(special)
        }
        if (schedules.length > 0) roster = await api.patch<Roster>(`/rosters/${roster.id}`, { body: { ...roster.body, schedules } }, { version: roster.version })
      }
      client.setQueryData(rosterQuery(roster.id).queryKey, roster)
      void client.invalidateQueries({ queryKey: ['list:roster'] })
      await navigate({ to: '/duty/rosters/$id', params: { id: roster.id } })
    } catch (e) {
      setProblem(e)
    } finally {
      setBusy(false)
    }
  }
  useKeys([
    { keys: 'mod+enter', label: m.duty.make, typing: true, run: () => void make() },
    { keys: 'escape', label: m.keys.back, run: () => void navigate({ to: '/duty/rosters' }) },
  ])
  const length = draft.start && draft.end && draft.end >= draft.start ? daysBetween(draft.start, draft.end) + 1 : 0
  const shifts = length * (draft.shape === 'both' ? 2 : 1) * Number(draft.perShift)
  return (
    <PageFrame title={m.duty.newRoster} sub={m.duty.newRosterHint} padded>
      <div className={css.builder} ref={box}>
        <div className={css.stack}>
          {!!problem && <p role="alert" className={css.alert}>{say(problem, m.error.network)}</p>}
          <BuilderFields draft={draft} onChange={(patch) => setDraft((d) => ({ ...d, ...patch }))} errors={errors} isNew />
          <div className={css.actions}>
            <Button kind="primary" k="mod+enter" busy={busy} onClick={() => void make()}>{m.duty.make}</Button>
            <Button kind="quiet" onClick={() => void navigate({ to: '/duty/rosters' })}>{m.app.cancel}</Button>
            {open.length > 0 && <span className="muted">{m.form.missing(open.length, open.map((x) => x.label).join(m.app.listSep))}</span>}
          </div>
        </div>
        <aside className={css.follows} aria-label={m.duty.follows}>
          <h2>{m.duty.follows}</h2>
          {draft.people.length === 0 ? <p className="muted">{m.duty.followsEmpty}</p> : (
            <ul className={css.stack}>
              <li>{m.duty.followsPeople(draft.people.length)}</li>
              {length > 0 && <li className="num">{m.duty.followsShifts(length, shifts, Math.round((shifts / draft.people.length) * 10) / 10)}</li>}
              {draft.shape === 'both' && draft.people.length >= 3 && <li>{m.duty.followsTurn}</li>}
              {draft.shape === 'both' && draft.people.length < 3 && <li className={css.amber}>{m.duty.followsFew}</li>}
              {draft.shape === 'day' && <li>{m.duty.followsDayOnly}</li>}
              {holidays.map((h) => <li key={h.from}>{m.duty.followsHoliday(h.name, h.from, h.to, draft.holidays)}</li>)}
              {years.length > 0 && notices.length === 0 && <li className={css.amber}>{m.duty.noNotice(Math.max(...years))}</li>}
            </ul>
          )}
        </aside>
      </div>
    </PageFrame>
  )
}
