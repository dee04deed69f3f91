import { Plus, Trash2 } from 'lucide-react'
import { OptionPicker } from '@/shared/form/Pickers'
import { pick, useM } from '@/shared/lib/i18n'
import { Button, IconButton } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Input } from '@/shared/ui/Field'
import css from './agreements.module.css'
import type { Draft, StepLine } from './model'

/** Who is told at which point of a target. */
export function Steps({ d, set, may, bad }: { d: Draft; set: (patch: Partial<Draft>) => void; may: boolean; bad: boolean[] }) {
  const m = useM()
  const change = (i: number, patch: Partial<StepLine>) => set({ stepLines: d.stepLines.map((s, k) => (k === i ? { ...s, ...patch } : s)) })
  const targets = [{ value: '*', label: m.agreements.everyTarget }, ...[...new Map(d.lines.map((l) => [l.name, pick(l.label) || m.agreements.known[l.name] || l.name]))].map(([value, label]) => ({ value, label }))]
  const n = (i: number, what: string) => `${i + 1}: ${what}`
  return (
    <section className={css.block} data-field="steps">
      <h2>{m.agreements.steps}</h2>
      {d.stepLines.length === 0 && <p className={css.hint}>{m.agreements.stepsHint}</p>}
      {d.stepLines.length > 0 && (
        <ol className={css.steps}>
          {d.stepLines.map((s, i) => {
            const actors = [...new Set([...Object.keys(m.promise.actors), ...s.to])].map((value) => ({ value, label: m.promise.actors[value] ?? value }))
            return (
              <li key={i}>
                <select className={css.select} aria-label={n(i, m.agreements.stepTarget)} value={s.target} onChange={(e) => change(i, { target: e.target.value })}>
                  {targets.map((t) => <option key={t.value} value={t.value}>{t.label}</option>)}
                </select>
                <select className={css.select} aria-label={n(i, m.agreements.stepWhen)} value={s.point} onChange={(e) => change(i, { point: e.target.value as StepLine['point'], amount: e.target.value === 'percent' ? '80' : m.time.minutes(30) })}>
                  {Object.entries(m.agreements.stepPoint).map(([v, t]) => <option key={v} value={v}>{t}</option>)}
                </select>
                <span className={css.amount}><Input aria-label={n(i, m.agreements.stepPoint[s.point] ?? '')} aria-invalid={bad[i] || undefined} value={s.amount} maxLength={30} onChange={(e) => change(i, { amount: e.target.value })} />{s.point === 'percent' && m.agreements.percent}</span>
                <select className={css.select} aria-label={n(i, m.agreements.stepKind)} value={s.kind} onChange={(e) => change(i, { kind: e.target.value as StepLine['kind'] })}>
                  {Object.entries(m.promise.pointKinds).map(([v, t]) => <option key={v} value={v}>{t}</option>)}
                </select>
                <span className={css.to}><OptionPicker field={{ name: `to-${i}`, type: 'enum', multiple: true, required: true, label: m.agreements.stepTo, options: actors, placeholder: m.agreements.stepTo }} value={s.to} onChange={(v) => change(i, { to: Array.isArray(v) ? (v as string[]) : [] })} a11y={{ id: `step-to-${i}`, 'aria-label': n(i, m.agreements.stepTo), ...(bad[i] && s.to.length === 0 ? { 'aria-invalid': true as const } : {}) } as { id: string }} /></span>
                <Checkbox label={m.agreements.stepWake} checked={s.wake} onChange={(e) => change(i, { wake: e.target.checked })} />
                <span className={css.amount}><Input aria-label={n(i, m.agreements.stepUp)} placeholder={m.agreements.stepUp} title={m.agreements.stepUpHint} value={s.up} maxLength={30} onChange={(e) => change(i, { up: e.target.value })} /></span>
                {may && <IconButton small label={m.agreements.removeStep(i + 1)} icon={<Trash2 size={14} strokeWidth={1.75} />} onClick={() => set({ stepLines: d.stepLines.filter((_, k) => k !== i) })} />}
              </li>
            )
          })}
        </ol>
      )}
      {may && <Button size="small" className={css.addStep} icon={<Plus size={13} strokeWidth={1.75} />} onClick={() => set({ stepLines: [...d.stepLines, { target: '*', point: 'percent', amount: '80', kind: 'warning', to: ['handler'], wake: false, up: '' }] })}>{m.agreements.addStep}</Button>}
    </section>
  )
}
