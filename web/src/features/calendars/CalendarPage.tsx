import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ChevronLeft, Download, Plus, Trash2, Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import { calendarsKey, calendarsQuery, weekdays, type Calendar } from '@/api/sla'
import { DateInput } from '@/shared/form/Dates'
import { pick, useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { intervals } from '@/shared/promise/hours'
import { Replay } from '@/shared/promise/Replay'
import { Button, IconButton } from '@/shared/ui/Button'
import { Choices } from '@/shared/ui/Choices'
import { Confirm } from '@/shared/ui/Confirm'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Field, Input } from '@/shared/ui/Field'
import { PageFrame } from '@/shared/ui/Page'
import { ProblemNote } from '@/shared/ui/ProblemNote'
import { toast } from '@/shared/ui/Toast'
import { NoticeMissing } from './Announced'
import css from './calendars.module.css'
import { calendarOf, datesOf, draftOf, icsOf, specOf, type Draft } from './model'
import { Simulate } from './Simulate'
import { YearView } from './YearView'

const small = { size: 14, strokeWidth: 1.75 } as const

/** One calendar: its hours, holidays and make-up days, the year they make, and a try. */
export function CalendarPage({ code }: { code: string }) {
  const m = useM()
  const list = useQuery(calendarsQuery)
  if (list.isPending) return <Skeleton rows={8} kind="record" />
  if (list.isError) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />
  const found = list.data.find((c) => c.code === code) ?? null
  if (!found && code !== '+') return <EmptyState action={<Link to="/calendars">{m.calendars.back}</Link>}>{m.app.notFound}</EmptyState>
  return <Editor key={`${code}-${found?.version ?? 0}`} old={found} />
}

function Editor({ old }: { old: Calendar | null }) {
  const m = useM()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { perms } = useSession()
  const may = perms.includes('sla.manage')
  const [d, setD] = useState<Draft>(() => draftOf(old))
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const [removing, setRemoving] = useState(false)
  const set = (patch: Partial<Draft>) => setD({ ...d, ...patch })
  const dirty = JSON.stringify(d) !== JSON.stringify(draftOf(old))
  const refused = problem instanceof Problem ? problem.byField() : {}
  const need = (text: string, label: string) => (tried && !text.trim() ? m.form.requiredField(label) : undefined)
  const badCode = d.code !== '' && !/^[a-z0-9][a-z0-9_-]*$/.test(d.code)
  const badWeek = d.week.map((w) => intervals(w) === null)
  const badExtra = d.extra.map((x) => intervals(x.hours) === null)
  const wrong = !d.code || badCode || !d.label.zh.trim() || !d.label.en.trim() || badWeek.includes(true) || badExtra.includes(true)

  const save = async () => {
    setTried(true)
    if (wrong || busy || !may || !dirty) return
    setBusy(true)
    setProblem(null)
    try {
      const made = await api.put<Calendar>(`/calendars/${d.code}`, calendarOf(d), old ? { version: old.version } : undefined)
      await client.invalidateQueries({ queryKey: calendarsKey })
      toast(m.calendars.saved)
      if (!old) void navigate({ to: '/calendars/$code', params: { code: made.code }, replace: true })
    } catch (e) {
      setProblem(e)
      if (e instanceof Problem && e.stale) void client.invalidateQueries({ queryKey: calendarsKey })
    } finally {
      setBusy(false)
    }
  }
  useKeys([{ keys: 'mod+enter', label: m.calendars.save, typing: true, run: () => void save() }])
  const remove = async () => {
    try {
      await api.delete(`/calendars/${d.code}`)
      await client.invalidateQueries({ queryKey: calendarsKey })
      toast(m.calendars.removed)
      void navigate({ to: '/calendars' })
    } catch (e) {
      setRemoving(false)
      toast(say(e, m.error.network), undefined, true)
    }
  }
  const spec = specOf(d)
  return (
    <PageFrame
      title={<span className={css.title}><Link to="/calendars" aria-label={m.calendars.back} className={css.back}><ChevronLeft size={18} strokeWidth={1.75} aria-hidden /></Link>{old ? pick(d.label) || old.code : m.calendars.add} {old && <span className="muted">{old.code} · {m.promise.version(old.version ?? 1)}</span>}</span>}
      sub={may ? undefined : m.calendars.readOnly}
      tools={old && may && <Button kind="quiet" onClick={() => setRemoving(true)}>{m.calendars.remove}</Button>}
      bar={d.country && <div className={css.banner}><NoticeMissing /></div>}
      padded
    >
      <ProblemNote problem={problem} />
      <div className={css.columns}>
        <fieldset className={css.form} disabled={!may}>
          <section className={css.block}>
            {!old && <Field label={m.calendars.code} required hint={m.calendars.codeHint} error={badCode ? m.calendars.codeBad : need(d.code, m.calendars.code)}>{(a) => <Input {...a} value={d.code} maxLength={60} onChange={(e) => set({ code: e.target.value.trim() })} />}</Field>}
            <Field label={m.calendars.name} required error={refused.label ?? need(d.label.zh, m.calendars.name)}>{(a) => <Input {...a} value={d.label.zh} maxLength={100} onChange={(e) => set({ label: { ...d.label, zh: e.target.value } })} />}</Field>
            <Field label={m.calendars.nameEn} required error={need(d.label.en, m.calendars.nameEn)}>{(a) => <Input {...a} value={d.label.en} maxLength={100} onChange={(e) => set({ label: { ...d.label, en: e.target.value } })} />}</Field>
            <Field label={m.calendars.zone} error={refused['spec.timezone']}>{(a) => <Input {...a} value={d.timezone} maxLength={60} list="zones" onChange={(e) => set({ timezone: e.target.value })} />}</Field>
            <datalist id="zones">{['Asia/Shanghai', 'Asia/Urumqi', 'Asia/Hong_Kong', 'Asia/Singapore', 'Asia/Tokyo', 'Europe/Berlin', 'Europe/London', 'America/New_York', 'UTC'].map((z) => <option key={z} value={z} />)}</datalist>
            <Field label={m.calendars.country}>{(a) => <Choices id={a.id} label={m.calendars.country} disabled={!may} value={d.country || 'none'} onChange={(v) => set({ country: v === 'CN' ? 'CN' : '' })} options={[{ value: 'CN', label: m.calendars.countryCN }, { value: 'none', label: m.calendars.countryNone }]} />}</Field>
          </section>
          <section className={css.block}>
            <h2>{m.calendars.week}</h2>
            <p className={css.hint}>{m.calendars.weekHint}</p>
            {weekdays.map((w, i) => (
              <Field key={w} label={m.promise.weekday[i]} error={badWeek[i] ? m.calendars.weekBad : refused[`spec.weekly.${w}`]}>
                {(a) => <Input {...a} value={d.week[i] ?? ''} maxLength={200} placeholder={m.calendars.closedDay} onChange={(e) => set({ week: d.week.map((x, k) => (k === i ? e.target.value : x)) })} />}
              </Field>
            ))}
            {may && (
              <div className="row">
                <Button size="small" onClick={() => set({ week: d.week.map((x, i) => (i > 0 && i < 5 ? (d.week[0] ?? '') : x)) })}>{m.calendars.copyDown}</Button>
                <Button size="small" onClick={() => set({ week: d.week.map(() => '00:00–24:00') })}>{m.calendars.allDay}</Button>
              </div>
            )}
          </section>
          <OwnDays d={d} set={set} may={may} bad={badExtra} />
        </fieldset>
        <div>
          <YearView spec={spec} country={d.country === 'CN'} />
          <Simulate spec={spec} country={d.country === 'CN'} />
        </div>
      </div>
      {may && dirty && (
        <div className={css.saveBar}>
          <Button kind="primary" k="mod+enter" busy={busy} onClick={() => void save()}>{m.calendars.save}</Button>
          <Button kind="quiet" onClick={() => (setD(draftOf(old)), setTried(false), setProblem(null))}>{m.admin.discard}</Button>
          <span className={css.unsaved}>{m.calendars.unsaved}</span>
          {old && !wrong && <div className={css.replay}><Replay label={m.calendars.previewFirst} proposal={{ calendar: calendarOf(d) }} /></div>}
        </div>
      )}
      {removing && <Confirm title={m.calendars.removeTitle(pick(d.label))} action={m.calendars.removeRun} danger onConfirm={remove} onClose={() => setRemoving(false)}>{m.calendars.removeText}</Confirm>}
    </PageFrame>
  )
}

const DateOnly = ({ id, label, value, onChange }: { id: string; label: string; value: string; onChange: (v: string) => void }) => (
  <span><DateInput field={{ name: id, type: 'date', label }} value={value} onChange={(v) => onChange(typeof v === 'string' ? v : '')} a11y={{ id, 'aria-label': label } as { id: string }} /></span>
)

/** Dates of its own, which stand above what was announced. */
function OwnDays({ d, set, may, bad }: { d: Draft; set: (patch: Partial<Draft>) => void; may: boolean; bad: boolean[] }) {
  const m = useM()
  const file = useRef<HTMLInputElement>(null)
  const take = async (f: File | undefined) => {
    if (!f) return
    const dates = datesOf(await f.text()).filter((x) => !d.holidays.includes(x))
    if (dates.length === 0) return toast(m.calendars.importNone, undefined, true)
    set({ holidays: [...d.holidays, ...dates].sort() })
    toast(m.calendars.imported(dates.length))
  }
  const give = () => {
    const url = URL.createObjectURL(new Blob([icsOf(pick(d.label), d.holidays.filter(Boolean).map((date) => ({ date, name: m.calendars.legend.holiday })))], { type: 'text/calendar' }))
    const a = document.createElement('a')
    a.href = url
    a.download = `${d.code || 'calendar'}.ics`
    a.click()
    URL.revokeObjectURL(url)
  }
  return (
    <section className={css.block}>
      <div className={css.blockHead}>
        <h2>{m.calendars.own}</h2>
        {may && <Button size="small" icon={<Upload {...small} />} onClick={() => file.current?.click()}>{m.calendars.importIcs}</Button>}
        {d.holidays.length > 0 && <Button size="small" icon={<Download {...small} />} onClick={give}>{m.calendars.exportIcs}</Button>}
        <input ref={file} type="file" accept=".ics,text/calendar" hidden aria-label={m.calendars.importIcs} onChange={(e) => { void take(e.target.files?.[0]); e.target.value = '' }} />
      </div>
      <p className={css.hint}>{m.calendars.ownHint}</p>
      <h3>{m.calendars.holidays}</h3>
      {d.holidays.length === 0 && <p className="muted">{m.calendars.noDays}</p>}
      <ul className={css.days}>
        {d.holidays.map((x, i) => (
          <li key={i}>
            <DateOnly id={`holiday-${i}`} label={`${m.calendars.holidays} ${i + 1}`} value={x} onChange={(v) => set({ holidays: d.holidays.map((y, k) => (k === i ? v : y)) })} />
            {may && <IconButton small label={m.calendars.removeDay(x)} icon={<Trash2 {...small} />} onClick={() => set({ holidays: d.holidays.filter((_, k) => k !== i) })} />}
          </li>
        ))}
      </ul>
      {may && <Button size="small" icon={<Plus {...small} />} onClick={() => set({ holidays: [...d.holidays, ''] })}>{m.calendars.addHoliday}</Button>}
      <h3>{m.calendars.extra}</h3>
      {d.extra.length === 0 && <p className="muted">{m.calendars.noDays}</p>}
      <ul className={css.days}>
        {d.extra.map((x, i) => (
          <li key={i}>
            <DateOnly id={`extra-${i}`} label={`${m.calendars.extra} ${i + 1}`} value={x.date} onChange={(v) => set({ extra: d.extra.map((y, k) => (k === i ? { ...y, date: v } : y)) })} />
            <Input aria-label={`${m.calendars.extra} ${i + 1}: ${m.calendars.ownHours}`} aria-invalid={bad[i] || undefined} placeholder={m.calendars.ownHoursHint} value={x.hours} maxLength={200} onChange={(e) => set({ extra: d.extra.map((y, k) => (k === i ? { ...y, hours: e.target.value } : y)) })} />
            {may && <IconButton small label={m.calendars.removeDay(x.date)} icon={<Trash2 {...small} />} onClick={() => set({ extra: d.extra.filter((_, k) => k !== i) })} />}
          </li>
        ))}
      </ul>
      {may && <Button size="small" icon={<Plus {...small} />} onClick={() => set({ extra: [...d.extra, { date: '', hours: '' }] })}>{m.calendars.addExtra}</Button>}
    </section>
  )
}
