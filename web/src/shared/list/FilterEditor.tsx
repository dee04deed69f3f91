import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { optionsQuery, refsToOptions } from '@/api/queries'
import type { Option } from '@/api/types'
import { now } from '../lib/clock'
import { useM } from '../lib/i18n'
import { exact } from '../lib/time'
import { Button } from '../ui/Button'
import { Checkbox } from '../ui/Checkbox'
import { Choices } from '../ui/Choices'
import { Input } from '../ui/Field'
import css from './FilterBar.module.css'
import { list, type FilterDef, type Filters } from './filters'

interface Props {
  def: FilterDef
  filters: Filters
  names: Record<string, string>
  onChange: (patch: Filters) => void
  onDone: () => void
}

const dayAgo = (days: number) => exact(now() - days * 86_400_000).slice(0, 10)

/** Chooses the value of one filter; every press applies at once. */
export function FilterEditor({ def: d, filters, names, onChange, onDone }: Props) {
  const m = useM()
  if (d.kind === 'flag') {
    const on = filters[d.name] !== 'false'
    return (
      <div className={css.row}>
        <Choices label={d.label} options={[{ value: 'true', label: m.app.yes }, { value: 'false', label: m.app.no }]} value={on ? 'true' : 'false'} onChange={(v) => (onChange({ [d.name]: d.name === 'watching' ? 'me' : (v ?? 'true') }), onDone())} />
      </div>
    )
  }
  if (d.kind === 'range') {
    const set = (k: string, v: string) => onChange({ ...(filters[d.from] ? { [d.from]: filters[d.from] ?? '' } : {}), ...(filters[d.to] ? { [d.to]: filters[d.to] ?? '' } : {}), [k]: v })
    return (
      <>
        <div className={css.row}>
          {[1, 7, 30, 90].map((n) => <Button key={n} size="small" onClick={() => (onChange({ [d.from]: dayAgo(n) }), onDone())}>{m.list.lastDays(n)}</Button>)}
        </div>
        <div className={css.row}>
          <label>{m.list.from}<Input type="date" value={filters[d.from]?.slice(0, 10) ?? ''} onChange={(e) => set(d.from, e.target.value)} /></label>
          <label>{m.list.to}<Input type="date" value={filters[d.to]?.slice(0, 10) ?? ''} onChange={(e) => set(d.to, e.target.value)} /></label>
        </div>
      </>
    )
  }
  if (d.kind === 'before') {
    return <div className={css.row}><label>{m.list.before}<Input type="date" value={filters[d.name]?.slice(0, 10) ?? ''} onChange={(e) => onChange({ [d.name]: e.target.value })} /></label></div>
  }
  if (d.kind === 'text') return <TextFilter def={d} filters={filters} onChange={onChange} onDone={onDone} />
  const chosen = list(filters[d.name])
  const toggle = (v: string) => onChange({ [d.name]: (chosen.includes(v) ? chosen.filter((x) => x !== v) : [...chosen, v]).join(',') })
  return d.kind === 'ref' ? <RefOptions def={d} chosen={chosen} names={names} onToggle={toggle} /> : <Options options={d.options} chosen={chosen} onToggle={toggle} />
}

function TextFilter({ def: d, filters, onChange, onDone }: { def: FilterDef; filters: Filters; onChange: (f: Filters) => void; onDone: () => void }) {
  const m = useM()
  const [text, setText] = useState(filters[d.name] ?? '')
  return (
    <form className={css.row} onSubmit={(e) => (e.preventDefault(), onChange({ [d.name]: text.trim() }), onDone())}>
      <Input value={text} onChange={(e) => setText(e.target.value)} aria-label={d.label} className="grow" />
      <Button type="submit" size="small">{m.list.apply}</Button>
    </form>
  )
}

function Options({ options, chosen, onToggle }: { options: Option[]; chosen: string[]; onToggle: (v: string) => void }) {
  const m = useM()
  const [text, setText] = useState('')
  const shown = options.filter((o) => o.label.toLowerCase().includes(text.trim().toLowerCase()))
  return (
    <div className={css.editor}>
      {options.length > 8 && <div className={css.find}><Input value={text} onChange={(e) => setText(e.target.value)} placeholder={m.app.search} aria-label={m.app.search} /></div>}
      <div className={css.options}>
        {shown.map((o) => <Checkbox key={o.value} label={o.label} checked={chosen.includes(o.value)} onChange={() => onToggle(o.value)} />)}
        {shown.length === 0 && <div className={css.hint}>{m.app.nothingFound}</div>}
      </div>
    </div>
  )
}

function RefOptions({ def: d, chosen, names, onToggle }: { def: FilterDef & { kind: 'ref' }; chosen: string[]; names: Record<string, string>; onToggle: (v: string) => void }) {
  const m = useM()
  const [text, setText] = useState('')
  const q = useDeferredValue(text)
  const found = useQuery({ ...optionsQuery(d.to, q), placeholderData: (old) => old })
  const items = refsToOptions(found.data ?? [])
  const kept = chosen.filter((v) => !d.options.some((o) => o.value === v) && !items.some((o) => o.value === v)).map((v) => ({ value: v, label: names[v] ?? v }))
  const fixed = d.options.filter((o) => o.label.toLowerCase().includes(text.trim().toLowerCase()))
  return (
    <div className={css.editor}>
      <div className={css.find}><Input value={text} onChange={(e) => setText(e.target.value)} placeholder={m.form.type} aria-label={d.label} /></div>
      <div className={css.options}>
        {[...fixed, ...kept, ...items].map((o) => <Checkbox key={o.value} label={o.label} checked={chosen.includes(o.value)} onChange={() => onToggle(o.value)} />)}
        {found.isSuccess && items.length === 0 && fixed.length === 0 && <div className={css.hint}>{m.app.nothingFound}</div>}
        {found.isError && <div className={css.hint}>{m.error.network}</div>}
      </div>
    </div>
  )
}
