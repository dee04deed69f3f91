import { useSuspenseQuery } from '@tanstack/react-query'
import { ListPlus, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { metaQuery } from '@/api/queries'
import { pick, useM } from '@/shared/lib/i18n'
import { Button, IconButton } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Input } from '@/shared/ui/Field'
import css from './agreements.module.css'
import { levelsLeft, useLevels, type Draft, type Line } from './model'

/** Targets by priority; lengths are typed as people say them. */
export function Matrix({ d, set, may, bad }: { d: Draft; set: (patch: Partial<Draft>) => void; may: boolean; bad: string[] }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const levels = useLevels()
  const [own, setOwn] = useState(false)
  const columns = [...meta.priorities.map((p) => ({ value: p.value, label: p.label })), { value: '', label: m.agreements.any }]
  const change = (i: number, patch: Partial<Line>) => set({ lines: d.lines.map((l, k) => (k === i ? { ...l, ...patch } : l)) })
  const name = (l: Line) => [pick(l.label) || m.agreements.known[l.name] || l.name, levels.find((o) => o.value === l.level)?.label ?? l.level].filter(Boolean).join(' · ')
  const add = (n: string) => set({ lines: [...d.lines, { name: n, label: undefined, level: '', pausable: n === 'resolution', starts: d.kind === 'ola' ? 'assigned' : n === 'arrival' ? 'event' : 'created', after: n === 'update', cells: {} }] })
  const another = (i: number, l: Line) => set({ lines: d.lines.toSpliced(i + 1, 0, { ...l, level: levelsLeft(d, l, levels).find((o) => o.value !== l.level)?.value ?? '', cells: {} }) })
  const left = Object.keys(m.agreements.known).filter((n) => !d.lines.some((l) => l.name === n))
  return (
    <section className={css.block} data-field="targets">
      <h2>{m.agreements.matrix}</h2>
      <p className={css.hint}>{m.agreements.matrixHint}</p>
      <div className={css.scroll}>
        <table className={css.matrix} aria-label={m.agreements.matrix}>
          <thead><tr><th scope="col">{m.agreements.targetName}</th>{columns.map((c) => <th key={c.value} scope="col">{c.label}</th>)}<th scope="col"><span className="sr">{m.app.more}</span></th></tr></thead>
          <tbody>
            {d.lines.map((l, i) => (
              <tr key={i}>
                <th scope="row">
                  <b>{name(l)}</b>
                  <span className={css.flags}>
                    {l.level && (
                      <select aria-label={`${name(l)}: ${m.agreements.level}`} className={css.mini} value={l.level} onChange={(e) => change(i, { level: e.target.value })}>
                        {!levels.some((o) => o.value === l.level) && <option value={l.level}>{l.level}</option>}
                        {levelsLeft(d, l, levels).map((o) => <option key={o.value} value={o.value}>{o.label}</option>)}
                        {!d.lines.some((x) => x !== l && x.name === l.name && !x.level) && <option value="">{m.agreements.anyLevel}</option>}
                      </select>
                    )}
                    <Checkbox label={m.agreements.pausable} checked={l.pausable} onChange={(e) => change(i, { pausable: e.target.checked })} />
                    {l.name === 'update' && <Checkbox label={m.agreements.afterFirst} checked={l.after} onChange={(e) => change(i, { after: e.target.checked })} />}
                    {!['update', 'keep_informed', 'response'].includes(l.name) && <select aria-label={`${name(l)}: ${m.agreements.starts}`} className={css.mini} value={l.starts} onChange={(e) => change(i, { starts: e.target.value as Line['starts'] })}>
                      {Object.entries(m.agreements.startsOf).map(([v, t]) => <option key={v} value={v}>{t}</option>)}
                    </select>}
                  </span>
                </th>
                {columns.map((c) => (
                  <td key={c.value}>
                    <Input aria-label={m.agreements.cell(name(l), c.label)} aria-invalid={bad.includes(`${i}/${c.value}`) || undefined} title={bad.includes(`${i}/${c.value}`) ? m.agreements.badLength : undefined} value={l.cells[c.value] ?? ''} maxLength={40} onChange={(e) => change(i, { cells: { ...l.cells, [c.value]: e.target.value } })} />
                    {bad.includes(`${i}/${c.value}`) && <span className={css.cellError} role="alert">{m.agreements.badLength}</span>}
                  </td>
                ))}
                <td>{may && levelsLeft(d, l, levels).some((o) => o.value !== l.level) && <IconButton small label={m.agreements.levelLine(name(l))} icon={<ListPlus size={14} strokeWidth={1.75} />} onClick={() => another(i, l)} />}{may && <IconButton small label={m.agreements.removeTarget(name(l))} icon={<Trash2 size={14} strokeWidth={1.75} />} onClick={() => set({ lines: d.lines.filter((_, k) => k !== i) })} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {may && (
        <div className={css.boxes}>
          {left.map((n) => <Button key={n} size="small" icon={<Plus size={13} strokeWidth={1.75} />} onClick={() => add(n)}>{m.agreements.known[n]}</Button>)}
          <Button size="small" icon={<Plus size={13} strokeWidth={1.75} />} aria-expanded={own} onClick={() => setOwn(!own)}>{m.agreements.ownTarget}</Button>
        </div>
      )}
      {own && <OwnTarget taken={d.lines.map((l) => l.name)} onAdd={(l) => { setOwn(false); set({ lines: [...d.lines, { ...l, starts: d.kind === 'ola' ? 'assigned' : 'created' }] }) }} />}
    </section>
  )
}

/** A target of one's own: its code and how it is called. */
function OwnTarget({ taken, onAdd }: { taken: string[]; onAdd: (l: Line) => void }) {
  const m = useM()
  const [code, setCode] = useState('')
  const [zh, setZh] = useState('')
  const [en, setEn] = useState('')
  const ok = /^[a-z][a-z0-9_]*$/.test(code) && !taken.includes(code) && zh.trim() && en.trim()
  return (
    <div className={css.own}>
      <Input aria-label={m.agreements.targetCode} placeholder={`${m.agreements.targetCode}: second_line`} value={code} maxLength={40} onChange={(e) => setCode(e.target.value)} />
      <Input aria-label={m.agreements.name} placeholder={m.agreements.name} value={zh} maxLength={60} onChange={(e) => setZh(e.target.value)} />
      <Input aria-label={m.agreements.nameEn} placeholder={m.agreements.nameEn} value={en} maxLength={60} onChange={(e) => setEn(e.target.value)} />
      <Button disabled={!ok} onClick={() => onAdd({ name: code, label: { zh: zh.trim(), en: en.trim() }, level: '', pausable: true, starts: 'created', after: false, cells: {} })}>{m.agreements.addTarget}</Button>
    </div>
  )
}
