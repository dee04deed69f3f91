import { ArrowDown, ArrowUp } from 'lucide-react'
import { useQuery } from '@tanstack/react-query'
import { entryQuery, type Team } from '@/api/party'
import type { RosterFacts } from '@/api/duty'
import type { FieldMeta } from '@/api/types'
import { FieldEditor } from '@/shared/form/FormFields'
import { useM } from '@/shared/lib/i18n'
import { IconButton } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Choices } from '@/shared/ui/Choices'
import { Field } from '@/shared/ui/Field'
import { Avatar } from '@/shared/ui/Person'
import css from './duty.module.css'

export type Shape = 'both' | 'day' | 'whole'
/** What is entered: the facts, and the choices behind them. */
export interface Draft {
  team: string
  teamName: string
  name: string
  people: string[]
  shape: Shape
  day: { from: string; to: string }
  night: { from: string; to: string }
  start: string
  end: string
  period: 'daily' | 'weekly' | 'monthly'
  perShift: string
  holidays: boolean
}

export const plain: Omit<Draft, 'start' | 'end'> = {
  team: '', teamName: '', name: '', people: [], shape: 'both', day: { from: '08:30', to: '20:30' }, night: { from: '20:30', to: '08:30' }, period: 'daily', perShift: '1', holidays: true,
}

export const factsFrom = (d: Draft, timezone?: string): RosterFacts => ({
  ...(timezone ? { timezone } : {}),
  people: d.people,
  ...(d.shape !== 'whole' ? { day: d.day } : {}),
  ...(d.shape === 'both' ? { night: d.night } : {}),
  start: d.start,
  ...(d.end ? { end: d.end } : {}),
  period: d.period,
  per_shift: Number(d.perShift),
})

export function draftFrom(facts: RosterFacts, rest: Pick<Draft, 'team' | 'teamName' | 'name'>): Draft {
  return {
    ...plain, ...rest, people: facts.people, shape: facts.night ? 'both' : facts.day ? 'day' : 'whole', day: facts.day ?? plain.day, night: facts.night ?? plain.night,
    start: facts.start, end: facts.end ?? '', period: facts.period ?? 'daily', perShift: String(facts.per_shift ?? 1), holidays: false,
  }
}

/** What is still missing, as the words of the fields. */
export function lacking(d: Draft, m: ReturnType<typeof useM>): { field: string; label: string }[] {
  return [
    ...(d.team ? [] : [{ field: 'team', label: m.duty.team }]),
    ...(d.name.trim() ? [] : [{ field: 'name', label: m.duty.rosterName }]),
    ...(d.people.length ? [] : [{ field: 'people', label: m.duty.who }]),
    ...(d.start ? [] : [{ field: 'start', label: m.duty.start }]),
  ]
}

const f = (name: string, type: FieldMeta['type'], label: string, more: Partial<FieldMeta> = {}): FieldMeta => ({ name, type, label, required: true, ...more })

/** The few facts a roster is made from: who, which shifts, from when to when, how long a turn is. */
export function BuilderFields({ draft: d, onChange, errors, isNew }: { draft: Draft; onChange: (patch: Partial<Draft>) => void; errors: Record<string, string>; isNew: boolean }) {
  const m = useM()
  const team = useQuery({ ...entryQuery<Team>('/teams', d.team), enabled: !!d.team })
  const members = team.data?.members ?? []
  const names = new Map(members.map((x) => [x.id, x.name]))
  const all = [...d.people.map((id) => ({ id, name: names.get(id) ?? '' })), ...members.filter((x) => !d.people.includes(x.id))]
  const move = (i: number, by: number) => {
    const next = [...d.people]
    const [one] = next.splice(i, 1)
    if (one) next.splice(i + by, 0, one)
    onChange({ people: next })
  }
  const pickTeam = async (id: string | null) => onChange({ team: id ?? '', people: [] })
  const times = (which: 'day' | 'night') => (
    <span className={css.times}>
      <FieldEditor field={f(`${which}_from`, 'time', m.duty.from)} value={d[which].from} onChange={(v) => onChange({ [which]: { ...d[which], from: String(v ?? '') } })} a11y={{ id: `${which}-from`, 'aria-label': `${which === 'day' ? m.duty.dayShift : m.duty.nightShift} ${m.duty.from}` } as { id: string }} />
      <span className="muted">–</span>
      <FieldEditor field={f(`${which}_to`, 'time', m.duty.to)} value={d[which].to} onChange={(v) => onChange({ [which]: { ...d[which], to: String(v ?? '') } })} a11y={{ id: `${which}-to`, 'aria-label': `${which === 'day' ? m.duty.dayShift : m.duty.nightShift} ${m.duty.to}` } as { id: string }} />
    </span>
  )
  // The whole team takes part until somebody is taken out.
  const untouched = isNew && d.team !== '' && d.people.length === 0 && members.length > 0
  return (
    <div className={css.form}>
      {isNew && <Field label={m.duty.team} required error={errors.team} name="team">{(a) => <FieldEditor field={f('team', 'ref', m.duty.team, { to: 'team' })} value={d.team || null} onChange={(v) => void pickTeam(v as string | null)} a11y={a} autoFocus />}</Field>}
      <Field label={m.duty.who} required error={errors.people} hint={d.team ? m.duty.whoHint : m.duty.whoFirst} name="people">
        {(a) => (
          <div id={a.id} role="group" aria-label={m.duty.who} className={css.people}>
            {untouched && <button type="button" className={css.allIn} onClick={() => onChange({ people: members.map((x) => x.id) })}>{m.duty.allIn(members.length)}</button>}
            {all.map((p) => {
              const i = d.people.indexOf(p.id)
              return (
                <div key={p.id} className={css.member} data-in={i >= 0 ? '' : undefined}>
                  <Checkbox label={p.name} hideLabel checked={i >= 0} onChange={(e) => onChange({ people: e.target.checked ? [...d.people, p.id] : d.people.filter((x) => x !== p.id) })} />
                  <span className={css.turn}>{i >= 0 ? i + 1 : ''}</span>
                  <Avatar name={p.name} />
                  <span className="grow">{p.name}</span>
                  {i >= 0 && <><IconButton small label={m.duty.earlier(p.name)} icon={<ArrowUp size={14} strokeWidth={1.75} />} disabled={i === 0} onClick={() => move(i, -1)} /><IconButton small label={m.duty.later(p.name)} icon={<ArrowDown size={14} strokeWidth={1.75} />} disabled={i === d.people.length - 1} onClick={() => move(i, 1)} /></>}
                </div>
              )
            })}
            {d.team && team.isSuccess && members.length === 0 && <p className="muted">{m.duty.emptyTeam}</p>}
          </div>
        )}
      </Field>
      <Field label={m.duty.shifts}>{(a) => <Choices id={a.id} label={m.duty.shifts} value={d.shape} onChange={(v) => v && onChange({ shape: v as Shape })} options={[{ value: 'both', label: m.duty.shapeBoth }, { value: 'day', label: m.duty.shapeDay }, { value: 'whole', label: m.duty.shapeWhole }]} />}</Field>
      {d.shape !== 'whole' && <Field label={m.duty.dayShift}>{() => times('day')}</Field>}
      {d.shape === 'both' && <Field label={m.duty.nightShift} hint={d.night.to <= d.night.from ? m.duty.overnight : undefined}>{() => times('night')}</Field>}
      <Field label={m.duty.start} required error={errors.start} name="start">{(a) => <FieldEditor field={f('start', 'date', m.duty.start)} value={d.start || null} onChange={(v) => onChange({ start: String(v ?? '') })} a11y={a} />}</Field>
      <Field label={m.duty.end} hint={m.duty.endHint} error={errors.end} name="end">{(a) => <FieldEditor field={f('end', 'date', m.duty.end, { required: false })} value={d.end || null} onChange={(v) => onChange({ end: String(v ?? '') })} a11y={a} />}</Field>
      <Field label={m.duty.period}>{(a) => <Choices id={a.id} label={m.duty.period} value={d.period} onChange={(v) => v && onChange({ period: v as Draft['period'] })} options={[{ value: 'daily', label: m.duty.daily }, { value: 'weekly', label: m.duty.weekly }, { value: 'monthly', label: m.duty.monthly }]} />}</Field>
      <Field label={m.duty.perShift}>{(a) => <Choices id={a.id} label={m.duty.perShift} value={d.perShift} onChange={(v) => v && onChange({ perShift: v })} options={['1', '2', '3'].map((value) => ({ value, label: m.duty.peopleN(Number(value)) }))} />}</Field>
      {isNew && <Field label={m.duty.holidays} hint={m.duty.holidaysHint}>{(a) => <Choices id={a.id} label={m.duty.holidays} value={d.holidays ? 'on' : 'off'} onChange={(v) => v && onChange({ holidays: v === 'on' })} options={[{ value: 'on', label: m.duty.holidaysOwn }, { value: 'off', label: m.duty.holidaysNo }]} />}</Field>}
      <Field label={m.duty.rosterName} required error={errors.name} name="name">{(a) => <FieldEditor field={f('name', 'text', m.duty.rosterName, { max_len: 100 })} value={d.name} onChange={(v) => onChange({ name: String(v ?? '') })} a11y={a} />}</Field>
    </div>
  )
}
