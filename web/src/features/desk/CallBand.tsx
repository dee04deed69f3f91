import { Check, PhoneCall, PhoneOff, TriangleAlert } from 'lucide-react'
import { useEffect, useState } from 'react'
import { now as clockNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Chip } from '@/shared/ui/Chip'
import { Input } from '@/shared/ui/Field'
import { Kbd } from '@/shared/ui/Kbd'
import type { Draft } from './draft'
import css from './desk.module.css'

/** 01:42 since a moment, each second; seconds are what a phone shows. */
function useElapsed(since: string) {
  const [, tick] = useState(0)
  useEffect(() => {
    const id = setInterval(() => tick((n) => n + 1), 1000)
    return () => clearInterval(id)
  }, [])
  const s = Math.max(0, Math.floor((clockNow() - Date.parse(since)) / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  return s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`
}

interface Props {
  draft: Draft
  script: string
  errors: Record<string, string>
  onChange: (patch: Partial<Draft>) => void
  onNumberDone: () => void
  onRelay: () => void
  onWrong: () => void
  onHangUp: () => void
}

/** The call itself, on top of the page while it runs. */
export function CallBand({ draft: d, script, errors, onChange, onNumberDone, onRelay, onWrong, onHangUp }: Props) {
  const m = useM()
  const elapsed = useElapsed(d.startedAt)
  const n = Number(d.rings)
  const late = d.rings !== '' && n > 3
  return (
    <section className={css.band} aria-label={m.desk.call}>
      <PhoneCall size={18} strokeWidth={1.75} className={css.bandIcon} aria-hidden />
      <span className={cx(css.timer, 'num')} role="timer"><b>{m.desk.onCall}</b> {elapsed}</span>
      <span className={css.bandFields}>
        <span data-field="number">
          <Input
            className={cx(css.number, 'num')}
            type="tel"
            inputMode="tel"
            aria-label={m.desk.number}
            aria-invalid={errors.number ? true : undefined}
            title={errors.number}
            placeholder={m.desk.number}
            maxLength={40}
            data-autofocus
            value={d.number}
            onChange={(e) => onChange({ number: e.target.value })}
            onKeyDown={(e) => {
              if (e.key === 'Enter' && !e.nativeEvent.isComposing && !e.ctrlKey) {
                e.preventDefault()
                onNumberDone()
              }
            }}
          />
        </span>
        <span data-field="rings" className={css.ringsBox}>
          <Input
            className={cx(css.rings, 'num')}
            inputMode="numeric"
            aria-label={m.desk.rings}
            aria-invalid={errors.rings ? true : undefined}
            title={errors.rings}
            placeholder="–"
            maxLength={2}
            value={d.rings}
            onChange={(e) => onChange({ rings: e.target.value.replace(/\D/g, '') })}
            onKeyDown={(e) => {
              if (e.key === 'Enter' && !e.nativeEvent.isComposing && !e.ctrlKey) {
                e.preventDefault()
                onNumberDone()
              }
            }}
          />
          {d.rings === '' ? (
            <span className="sub">{m.desk.ringsUnit}<span className={css.star} aria-hidden>*</span></span>
          ) : (
            <Chip tone={late ? 'amber' : 'green'} icon={late ? <TriangleAlert size={13} strokeWidth={1.75} aria-hidden /> : <Check size={13} strokeWidth={2} aria-hidden />}>
              {late ? m.desk.ringsLate(n) : m.desk.ringsIn(n)}
            </Chip>
          )}
        </span>
      </span>
      <span className={css.script}>
        <span>{script}</span>
        <Checkbox label={m.desk.greeted} checked={d.greeted} onChange={(e) => onChange({ greeted: e.target.checked })} />
      </span>
      <span className={css.bandKeys}>
        <button type="button" onClick={onRelay}>{m.desk.relay}<Kbd k="F6" /></button>
        <button type="button" onClick={onWrong}>{m.desk.wrong}<Kbd k="F7" /></button>
        <button type="button" onClick={onHangUp}><PhoneOff size={14} strokeWidth={1.75} aria-hidden />{m.desk.hangUp}<Kbd k="F8" /></button>
      </span>
    </section>
  )
}
