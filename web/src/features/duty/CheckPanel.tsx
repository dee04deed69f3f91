import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleX, TriangleAlert } from 'lucide-react'
import type { CheckReport, Finding, Roster } from '@/api/duty'
import { api } from '@/api/client'
import { useSession } from '@/api/session'
import type { Page, Summary } from '@/api/types'
import { now as instantNow, useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { hm, moment } from '@/shared/lib/time'
import { Button, ButtonTo } from '@/shared/ui/Button'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Section } from '@/shared/ui/Section'
import { StateTag } from '@/shared/ui/StateTag'
import { candidate, holidaySchedule, iso, ms, relief, type OverrideNew } from './model'
import css from './roster.module.css'
import type { RosterChanges, RosterSheet } from './useRoster'
import { dayOfMonth, wall, type Day } from './zoned'

interface Props {
  roster: Roster
  data: RosterSheet
  changes: RosterChanges
  onLook: (day: Day) => void
  onEdit: () => void
}

/** What is wrong with a roster before it is published, each with where it is and how to mend it. */
export function CheckPanel({ roster, data, changes, onLook, onEdit }: Props) {
  const m = useM()
  const { check } = data
  const report = check.data
  return (
    <Section title={m.duty.check} aside={report && m.duty.checkedTo(moment(report.to, instantNow()))}>
      {check.isPending && <Skeleton rows={3} kind="record" />}
      {check.isError && <ErrorState error={check.error} onRetry={() => void check.refetch()} />}
      {report && (
        <ul className={css.list}>
          {report.findings.map((f, i) => <Line key={`${f.code}${f.person?.id ?? ''}${f.from ?? ''}${i}`} f={f} report={report} roster={roster} data={data} changes={changes} onLook={onLook} onEdit={onEdit} />)}
          {report.findings.length === 0 && <li className={css.finding}><CircleCheck size={16} strokeWidth={1.75} className={css.fine} aria-hidden /><span>{m.duty.checkFine}</span></li>}
        </ul>
      )}
    </Section>
  )
}

function Line({ f, report, roster, data, changes, onLook, onEdit }: Props & { f: Finding; report: CheckReport }) {
  const m = useM()
  const { perms } = useSession()
  const day = f.from && wall(f.from, roster.body.timezone).day
  return (
    <li className={css.finding}>
      {f.hard ? <CircleX size={16} strokeWidth={1.75} className={css.hard} role="img" aria-label={m.duty.hard} /> : <TriangleAlert size={16} strokeWidth={1.75} className={css.soft} role="img" aria-label={m.duty.soft} />}
      <div>
        <div>{f.text}</div>
        <div className={css.mend}>
          <Mend f={f} report={report} roster={roster} data={data} changes={changes} onEdit={onEdit} mayPeople={perms.includes('party.write')} />
          {day && <Button size="small" kind="quiet" onClick={() => onLook(day)}>{m.duty.look}</Button>}
        </div>
      </div>
    </li>
  )
}

/** The nearest way to put one finding right. */
function Mend({ f, report, roster, data, changes, onEdit, mayPeople }: { f: Finding; report: CheckReport; roster: Roster; data: RosterSheet; changes: RosterChanges; onEdit: () => void; mayPeople: boolean }) {
  const m = useM()
  const zone = roster.body.timezone
  // The check looks further than the page shows, so what it is about is read for itself.
  const from = f.from ?? report.from, to = f.to ?? (f.code === 'balance' ? report.to : f.from ? iso(ms(f.from) + 7 * 86_400_000) : report.to)
  const wanted = ['gap', 'on_leave', 'consecutive', 'hours', 'balance', 'holiday'].includes(f.code)
  const around = useQuery({
    queryKey: [`roster:${roster.id}`, 'around', from, to],
    queryFn: () => api.get<NonNullable<RosterSheet['sheet']['data']>>(`/rosters/${roster.id}/shifts`, { from: iso(ms(from) - 2 * 86_400_000), to: iso(ms(to) + 2 * 86_400_000), draft: true }),
    enabled: wanted,
    staleTime: 60_000,
  })
  const sheet = around.data
  const give = (o: OverrideNew, who: string) => void changes.override([{ ...o, reason: m.duty.byCheck }], m.duty.given(who))
  switch (f.code) {
    case 'gap': {
      const who = sheet && f.from && f.to ? candidate(data.people, sheet, data.absences, ms(f.from), ms(f.to)) : undefined
      return who && f.from && f.to ? <Button size="small" onClick={() => give({ type: 'add', add: who.id, start: f.from ?? '', end: f.to ?? '' }, who.name)}>{m.duty.assign(who.name)}</Button> : <Button size="small" onClick={onEdit}>{m.duty.editRotation}</Button>
    }
    case 'on_leave': {
      const who = sheet && f.from && f.to && f.person ? candidate(data.people, sheet, data.absences, ms(f.from), ms(f.to), [f.person.id]) : undefined
      return who && f.person ? <Button size="small" onClick={() => give({ type: 'add', add: who.id, start: f.from ?? '', end: f.to ?? '' }, who.name)}>{m.duty.assign(who.name)}</Button> : null
    }
    case 'unreachable':
      return <>{mayPeople && f.person && <ButtonTo size="small" to={`/admin/people/${f.person.id}`}>{m.duty.addContact}</ButtonTo>}<Button size="small" kind="quiet" onClick={onEdit}>{m.duty.changePerson}</Button></>
    case 'left':
      return <Button size="small" onClick={onEdit}>{m.duty.changePerson}</Button>
    case 'not_in_team':
      return <>{mayPeople && <ButtonTo size="small" to="/admin/teams">{m.duty.editTeam}</ButtonTo>}<Button size="small" kind="quiet" onClick={onEdit}>{m.duty.changePerson}</Button></>
    case 'holiday': {
      if (!f.from || !f.to || !sheet) return null
      const name = m.duty.holidayName(f.text.split(/[还(（ ]/)[0] ?? '')
      const special = holidaySchedule(name, ms(f.from), ms(f.to), sheet)
      if (special.shifts.length === 0) return null
      return <Button size="small" onClick={() => void changes.change({ body: { ...roster.body, schedules: [...(roster.body.schedules ?? []), special] } })}>{m.duty.makeHoliday}</Button>
    }
    default: {
      const found = sheet && f.person ? relief(f.person.id, data.people, sheet, data.absences, instantNow()) : undefined
      if (!found || !f.person) return null
      const at = wall(found.shift.start, zone).day
      return <Button size="small" onClick={() => give({ type: 'replace', remove: f.person?.id ?? '', add: found.to.id, start: found.shift.start, end: found.shift.end }, found.to.name)}>{m.duty.relieve(m.duty.monthDay(Number(at.slice(5, 7)), dayOfMonth(at)), found.to.name)}</Button>
    }
  }
}

/** Swaps of this team that wait for somebody. */
export function SwapsPanel({ team }: { team: string }) {
  const m = useM()
  const now = useNow()
  const { data } = useQuery({ queryKey: ['list:shift_swap', 'roster', team], queryFn: () => api.get<Page<Summary>>('/shift-swaps', { open: true, team, limit: 6 }), retry: false })
  const items = data?.items ?? []
  return (
    <Section title={m.duty.swaps} aside={items.length > 0 ? <span className="num">{items.length}</span> : undefined}>
      {items.length === 0 ? <p className="muted">{m.duty.noSwaps}</p> : (
        <ul className={css.list}>
          {items.map((r) => (
            <li key={r.number} className={css.line}>
              <Link to="/r/$number" params={{ number: r.number }}>{r.requester?.name}{m.duty.comma}{r.title}</Link>
              <StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />
              {r.due_at && <span className="muted num">{moment(r.due_at, now)}</span>}
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

/** Who is on duty now by this roster, and until when. */
export function NowPanel({ roster, data }: { roster: Roster; data: RosterSheet }) {
  const m = useM()
  const now = useNow()
  const on = (data.sheet.data?.shifts ?? []).filter((s) => ms(s.start) <= now && ms(s.end) > now)
  if (roster.published === 0 || !data.sheet.data || now < ms(data.sheet.data.from) || now > ms(data.sheet.data.to)) return null
  return (
    <Section title={m.duty.nowOn}>
      {on.length === 0 ? <p className={css.red}>{m.duty.nobody}</p> : (
        <ul className={css.list}>
          {on.map((s) => {
            const next = data.sheet.data?.shifts.find((x) => x.start === s.end)
            return <li key={s.person.id + s.start} className={css.line}><b>{s.person.name}</b> <span className="sub">{m.duty.untilThen(hm(s.end), next?.person.name ?? '')}</span></li>
          })}
        </ul>
      )}
    </Section>
  )
}
