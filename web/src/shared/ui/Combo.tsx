import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { optionsQuery, type RefOption } from '@/api/queries'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import css from './Combo.module.css'
import { Input } from './Field'

interface Props {
  a11y?: object
  /** What is chosen, shown as text. */
  value: { id: string; name: string } | null
  onChange: (chosen: { id: string; name: string } | null) => void
  /** Kind of thing that is looked for; or the choices themselves. */
  to?: string
  options?: RefOption[] | undefined
  customer?: string | undefined
  /** Text that is no choice is taken as it stands, with an empty id. */
  free?: boolean
  placeholder?: string | undefined
  label?: string
  className?: string | undefined
  maxLength?: number
  disabled?: boolean
}

/** A field that finds while typing: Enter or Tab takes the first hit, arrows choose, Escape closes. */
export function Combo({ a11y, value, onChange, to, options, customer, free, placeholder, label, className, maxLength, disabled }: Props) {
  const m = useM()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLUListElement>(null)
  const [text, setText] = useState<string | null>(null)
  const [open, setOpen] = useState(false)
  const [active, setActive] = useState(0)
  const typed = text ?? ''
  const q = useDeferredValue(typed.trim())
  const remote = useQuery({ ...optionsQuery(to ?? 'none', q, customer), enabled: open && !!to && !options, placeholderData: (old) => old })
  const local = options?.filter((o) => !q || `${o.label} ${o.hint ?? ''}`.toLowerCase().includes(q.toLowerCase()))
  const items = local ?? remote.data ?? []
  const waiting = !local && remote.isFetching

  useEffect(() => list.current?.children[active]?.scrollIntoView({ block: 'nearest' }), [active])

  const pick = (o: RefOption) => {
    onChange({ id: o.id, name: o.label })
    setText(null)
    setOpen(false)
  }
  const settle = () => {
    setOpen(false)
    if (text === null) return
    if (typed.trim() === '') onChange(null)
    else if (free && typed.trim() !== value?.name) onChange({ id: '', name: typed.trim() })
    setText(null)
  }
  const onKey = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing) return
    const hit = open && (!free || active >= 0) ? items[Math.max(0, active)] : undefined
    switch (e.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        e.preventDefault()
        if (!open) return setOpen(true)
        return setActive((n) => (items.length === 0 ? 0 : (n + (e.key === 'ArrowDown' ? 1 : -1) + items.length) % items.length))
      case 'Enter':
        if (!open || !hit || e.ctrlKey || e.metaKey || (text !== null && waiting)) return
        e.preventDefault()
        return pick(hit)
      case 'Tab':
        if (open && hit && text !== null && typed.trim() !== '' && !free) pick(hit)
        return
      case 'Escape':
        if (!open) return
        e.preventDefault()
        e.stopPropagation()
        setText(null)
        return setOpen(false)
    }
  }
  return (
    <div className={cx(css.wrap)}>
      <Input
        {...a11y}
        ref={input}
        className={className}
        role="combobox"
        aria-label={label}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && items[active] ? `${id}-${active}` : undefined}
        value={text ?? value?.name ?? ''}
        placeholder={placeholder}
        maxLength={maxLength}
        disabled={disabled}
        onFocus={(e) => e.target.select()}
        onClick={() => setOpen(true)}
        onChange={(e) => {
          setText(e.target.value)
          setActive(free ? -1 : 0)
          setOpen(true)
          if (free) onChange(e.target.value.trim() ? { id: '', name: e.target.value } : null)
        }}
        onKeyDown={onKey}
        onBlur={settle}
      />
      {open && (items.length > 0 || !free) && (
        <ul className={css.list} role="listbox" id={`${id}-list`} ref={list} aria-label={label ?? placeholder}>
          {items.map((o, i) => (
            <li key={o.id} id={`${id}-${i}`} role="option" aria-selected={i === active} className={css.item} onMouseDown={(e) => (e.preventDefault(), pick(o))}>
              <span>{o.label}</span>
              {o.hint && <span className={css.hint}>{o.hint}</span>}
            </li>
          ))}
          {items.length === 0 && <li className={css.none} role="option" aria-selected={false} aria-disabled>{waiting ? m.app.loading : remote.isError ? m.error.network : m.app.nothingFound}</li>}
        </ul>
      )}
    </div>
  )
}
