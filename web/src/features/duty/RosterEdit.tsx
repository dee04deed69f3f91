import { useState } from 'react'
import { api } from '@/api/client'
import type { Roster, RosterBody } from '@/api/duty'
import { say } from '@/api/problem'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Choices } from '@/shared/ui/Choices'
import { Dialog } from '@/shared/ui/Dialog'
import { Field, Input, TextArea } from '@/shared/ui/Field'
import { ViewTabs } from '@/shared/ui/Tabs'
import { BuilderFields, draftFrom, factsFrom, lacking } from './Builder'
import css from './duty.module.css'
import { factsOf } from './model'
import type { RosterChanges } from './useRoster'

/** Changes a roster: the rotation anew from its facts, or the rules around it. In force once published. */
export function RosterEdit({ roster, changes, onClose, onRetired }: { roster: Roster; changes: RosterChanges; onClose: () => void; onRetired: () => void }) {
  const m = useM()
  const b = roster.body
  const [part, setPart] = useState('rotation')
  const [draft, setDraft] = useState(() => draftFrom(factsOf(b), { team: roster.team.id, teamName: roster.team.name, name: roster.name }))
  const [touched, setTouched] = useState(false)
  const [tolerance, setTolerance] = useState(String(b.tolerance_minutes ?? 10))
  const [checkIn, setCheckIn] = useState(b.check_in !== false)
  const [cover, setCover] = useState(b.cover ?? 'always')
  const [consecutive, setConsecutive] = useState(String(b.max_consecutive || 6))
  const [hours, setHours] = useState(String(b.max_hours || 60))
  const [rules, setRules] = useState(b.rules ?? '')
  const [failed, setFailed] = useState('')
  const [busy, setBusy] = useState(false)
  const custom = b.layers.some((l) => !l.roster)
  const open = lacking(draft, m)
  const errors = Object.fromEntries(open.map((x) => [x.field, m.form.requiredField(x.label)]))
  const number = (text: string, fallback: number) => (Number.isFinite(Number(text)) && text.trim() !== '' ? Number(text) : fallback)
  const save = async () => {
    if (open.length > 0) return setPart('rotation')
    setBusy(true)
    setFailed('')
    try {
      let body: RosterBody = { ...b, tolerance_minutes: number(tolerance, 10), check_in: checkIn, cover, max_consecutive: number(consecutive, 6), max_hours: number(hours, 60), rules }
      if (touched) {
        const made = await api.post<RosterBody>('/rosters/generate', factsFrom(draft, b.timezone))
        body = { ...body, layers: made.layers, ...(made.valid_from ? { valid_from: made.valid_from } : {}) }
        if (made.valid_to) body.valid_to = made.valid_to
        else delete body.valid_to
      }
      if (await changes.change({ name: draft.name.trim(), body })) onClose()
    } catch (e) {
      setFailed(say(e, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  const retire = async () => {
    const next = await changes.change({ status: roster.status === 'active' ? 'retired' : 'active' })
    if (!next) return
    onClose()
    if (next.status === 'retired') onRetired()
  }
  return (
    <Dialog
      kind="drawer"
      width={640}
      title={m.duty.editTitle(roster.name)}
      sub={m.duty.editHint}
      onClose={onClose}
      onSubmit={() => void save()}
      foot={<><Button type="submit" kind="primary" k="mod+enter" busy={busy}>{m.app.save}</Button><Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button><span className={css.footEnd}><Button kind="quiet" onClick={() => void retire()}>{roster.status === 'active' ? m.duty.retire : m.duty.unretire}</Button></span></>}
    >
      <ViewTabs small label={m.duty.editTitle(roster.name)} value={part} onChange={setPart} items={[{ id: 'rotation', label: m.duty.rotation }, { id: 'rules', label: m.duty.rulesTab }]} />
      {failed && <p role="alert" className={css.alert}>{failed}</p>}
      {part === 'rotation' ? (
        <div className={css.stack}>
          {custom && <p className={css.amber}>{m.duty.customRotation}</p>}
          <BuilderFields draft={draft} onChange={(patch) => (setDraft((d) => ({ ...d, ...patch })), 'name' in patch ? undefined : setTouched(true))} errors={errors} isNew={false} />
        </div>
      ) : (
        <div className={css.form}>
          <Field label={m.duty.cover} hint={m.duty.coverHint}>{(a) => <Choices id={a.id} label={m.duty.cover} value={cover} onChange={(v) => v && setCover(v as 'always')} options={[{ value: 'always', label: m.duty.coverAlways }, { value: 'as_planned', label: m.duty.coverPlanned }]} />}</Field>
          <Field label={m.duty.checkInRule}>{(a) => <Choices id={a.id} label={m.duty.checkInRule} value={checkIn ? 'on' : 'off'} onChange={(v) => v && setCheckIn(v === 'on')} options={[{ value: 'on', label: m.duty.checkInOn }, { value: 'off', label: m.duty.checkInOff }]} />}</Field>
          {checkIn && <Field label={m.duty.tolerance} hint={m.duty.toleranceHint} end={m.form.minutes}>{(a) => <Input {...a} inputMode="numeric" value={tolerance} onChange={(e) => setTolerance(e.target.value)} />}</Field>}
          <Field label={m.duty.maxDays} end={m.duty.daysUnit}>{(a) => <Input {...a} inputMode="numeric" value={consecutive} onChange={(e) => setConsecutive(e.target.value)} />}</Field>
          <Field label={m.duty.maxHours} end={m.form.hours}>{(a) => <Input {...a} inputMode="numeric" value={hours} onChange={(e) => setHours(e.target.value)} />}</Field>
          <Field label={m.duty.rules} hint={m.duty.rulesHint}>{(a) => <TextArea {...a} rows={8} maxLength={20000} value={rules} onChange={(e) => setRules(e.target.value)} />}</Field>
          {(b.schedules ?? []).length > 0 && (
            <Field label={m.duty.schedules}>
              {() => (
                <ul className={css.stack}>
                  {(b.schedules ?? []).map((s, i) => (
                    <li key={s.start} className="row">
                      <span className="grow num">{s.name} · {m.duty.rangeName(s.start.slice(0, 10), s.end.slice(0, 10))} · {m.duty.shiftsN(s.shifts.length)}</span>
                      <Button size="small" kind="quiet" onClick={() => void changes.change({ body: { ...b, schedules: (b.schedules ?? []).filter((_, j) => j !== i) } })}>{m.app.remove(s.name)}</Button>
                    </li>
                  ))}
                </ul>
              )}
            </Field>
          )}
        </div>
      )}
    </Dialog>
  )
}

