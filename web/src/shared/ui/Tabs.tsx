import { Plus } from 'lucide-react'
import { useRef, type KeyboardEvent, type ReactNode } from 'react'
import { cx } from '../lib/cx'
import { IconButton } from './Button'
import css from './Tabs.module.css'

export interface TabItem {
  id: string
  label: ReactNode
  count?: number | string | null | undefined
}

interface Props {
  items: TabItem[]
  value: string
  onChange: (id: string) => void
  label: string
  small?: boolean
  onAdd?: (() => void) | undefined
  addLabel?: string
}

/** Saved views, or parts of a page, with their counts. Arrow keys move between them. */
export function ViewTabs({ items, value, onChange, label, small, onAdd, addLabel = '' }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const move = (e: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
    if (!step) return
    e.preventDefault()
    const at = items.findIndex((x) => x.id === value)
    const next = items[(at + step + items.length) % items.length]
    if (!next) return
    onChange(next.id)
    box.current?.querySelectorAll<HTMLElement>('[role=tab]')[items.indexOf(next)]?.focus()
  }
  return (
    <div className={cx(css.wrap, small && css.small)}>
      <div className={css.tabs} role="tablist" aria-label={label} ref={box} onKeyDown={move}>
        {items.map((x) => (
          <button
            key={x.id}
            type="button"
            role="tab"
            aria-selected={x.id === value}
            tabIndex={x.id === value || (!items.some((i) => i.id === value) && x === items[0]) ? 0 : -1}
            className={css.tab}
            onClick={() => onChange(x.id)}
          >
            {x.label}
            {x.count != null && <span className={cx(css.count, 'num')}>{x.count}</span>}
          </button>
        ))}
      </div>
      {onAdd && <IconButton label={addLabel} icon={<Plus size={16} strokeWidth={1.75} />} onClick={onAdd} />}
    </div>
  )
}
