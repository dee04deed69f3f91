import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { shiftsQuery, type Shift } from '@/api/duty'
import { api, onceKey } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import type { RecordView } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { hm, moment } from '@/shared/lib/time'
import { Button } from '@/shared/ui/Button'
import { Dialog } from '@/shared/ui/Dialog'
import { Field, Input } from '@/shared/ui/Field'
import { toast } from '@/shared/ui/Toast'
import css from './duty.module.css'
import { iso, ms } from './model'
import { nameOfShift, useMyShifts, type OwnShift } from './queries'

const keyOf = (s: { start: string; roster?: { id: string } }) => `${s.roster?.id ?? ''}|${s.start}`

/** Asks a colleague to take one of my shifts, for one of theirs or for nothing: chosen from the roster, nothing to type. */
export function SwapDialog({ first, onClose }: { first?: string; onClose: () => void }) {
  const m = useM()
  const now = useNow()
  const navigate = useNavigate()
  const client = useQueryClient()
  const me = useSession().person.id
  const once = useRef(onceKey())
  const { shifts, pending } = useMyShifts()
  const ahead = shifts.filter((s) => ms(s.start) > now)
  const [chosen, setChosen] = useState('')
  const mine: OwnShift | undefined = ahead.find((s) => keyOf(s) === chosen) ?? ahead.find((s) => s.start === first) ?? ahead[0]
  const [other, setOther] = useState('')
  const [theirs, setTheirs] = useState('')
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [failed, setFailed] = useState('')
  const hour = Math.floor(now / 3_600_000) * 3_600_000
  const sheet = useQuery({ ...shiftsQuery(mine?.roster.id ?? '', iso(hour), iso(hour + 42 * 86_400_000), false), enabled: !!mine }).data
  const people = mine?.roster.people.filter((p) => p.id !== me) ?? []
  const offers = (sheet?.shifts ?? []).filter((s) => s.person.id === other && ms(s.start) > now)
  const busyThen = (id: string) => !!mine && !!sheet?.shifts.some((s) => s.person.id === id && ms(s.start) < ms(mine.end) && ms(s.end) > ms(mine.start))
  const when = (s: Shift) => `${moment(s.start, now)}–${hm(s.end)} ${mine ? nameOfShift({ ...s, roster: mine.roster }) : s.name}`
  const submit = async () => {
    if (!mine || busy) return
    if (!other) return setErrors({ with: m.form.requiredField(m.duty.swapWith) })
    setBusy(true)
    setFailed('')
    const back = offers.find((s) => s.start === theirs)
    try {
      const record = await api.post<RecordView>('/shift-swaps', { with: other, mine: { from: mine.start, to: mine.end }, ...(back ? { theirs: { from: back.start, to: back.end } } : {}), ...(reason.trim() ? { reason: reason.trim() } : {}) }, { once: once.current })
      void client.invalidateQueries({ predicate: (q) => q.queryKey[0] === 'work' || q.queryKey[0] === 'list:shift_swap' })
      toast(m.duty.swapAsked(people.find((p) => p.id === other)?.name ?? ''))
      onClose()
      await navigate({ to: '/r/$number', params: { number: record.number } })
    } catch (e) {
      once.current = onceKey()
      if (e instanceof Problem) setErrors(e.byField())
      setFailed(say(e, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={m.duty.swap}
      sub={m.duty.swapHint}
      onClose={onClose}
      onSubmit={() => void submit()}
      foot={ahead.length > 0 ? <><Button type="submit" kind="primary" k="mod+enter" busy={busy}>{m.duty.swapSend}</Button><Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button></> : <Button onClick={onClose}>{m.app.close}</Button>}
    >
      {ahead.length === 0 ? <p className="muted">{pending ? m.app.loading : m.duty.noShifts}</p> : (
        <div className={css.stack}>
          {failed && <p role="alert" className={css.alert}>{failed}</p>}
          <Field label={m.duty.swapMine} required stacked error={errors.mine}>
            {(a) => <select {...a} className={css.select} value={mine ? keyOf(mine) : ''} onChange={(e) => (setChosen(e.target.value), setOther(''), setTheirs(''))}>{ahead.map((s) => <option key={keyOf(s)} value={keyOf(s)}>{when(s)}</option>)}</select>}
          </Field>
          <Field label={m.duty.swapWith} required stacked error={errors.with}>
            {(a) => <select {...a} className={css.select} value={other} onChange={(e) => (setOther(e.target.value), setTheirs(''), setErrors({}))}><option value="">{m.form.choose}</option>{people.map((p) => <option key={p.id} value={p.id}>{p.name}{busyThen(p.id) ? `（${m.duty.busyThen}）` : ''}</option>)}</select>}
          </Field>
          {other && (
            <Field label={m.duty.swapTheirs} stacked error={errors.theirs} hint={offers.length === 0 ? m.duty.swapNone : undefined}>
              {(a) => <select {...a} className={css.select} value={theirs} onChange={(e) => setTheirs(e.target.value)}><option value="">{m.duty.swapNothing}</option>{offers.map((s) => <option key={s.start} value={s.start}>{when(s)}</option>)}</select>}
            </Field>
          )}
          <Field label={m.duty.swapReason} stacked error={errors.reason}>{(a) => <Input {...a} maxLength={200} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
        </div>
      )}
    </Dialog>
  )
}
