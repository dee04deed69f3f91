import { useRef, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react'
import { Check } from 'lucide-react'
import { cx } from '../lib/cx'
import { Kbd } from './Kbd'
import css from './Menu.module.css'
import { Popover } from './Popover'

export interface MenuItem {
  id: string
  label: ReactNode
  icon?: ReactNode
  key?: string | undefined
  hint?: string | undefined
  checked?: boolean | undefined
  danger?: boolean | undefined
  /** Why it is closed now; it stays visible. */
  off?: string | undefined
  run?: () => void
}
export interface MenuGroup {
  label?: string
  items: MenuItem[]
}

interface Props {
  label: string
  groups: MenuGroup[]
  align?: 'start' | 'end'
  header?: ReactNode
  /** Draws the button that opens it. */
  children: (button: { ref: RefObject<HTMLButtonElement | null>; onClick: () => void; 'aria-haspopup': 'menu'; 'aria-expanded': boolean }) => ReactNode
}

/** A menu on a button. Arrow keys, Home and End move; letters of a label jump. */
export function Menu({ label, groups, align, header, children }: Props) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  return (
    <>
      {children({ ref: anchor, onClick: () => setOpen(!open), 'aria-haspopup': 'menu', 'aria-expanded': open })}
      <Popover anchor={anchor} open={open} onClose={() => setOpen(false)} align={align ?? 'start'} role="menu" label={label} className={css.menu}>
        {header}
        <MenuList groups={groups} onDone={() => setOpen(false)} />
      </Popover>
    </>
  )
}

export function MenuList({ groups, onDone }: { groups: MenuGroup[]; onDone: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  const onKey = (e: KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])]
    const at = all.indexOf(document.activeElement as HTMLElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[e.key]
    if (to === undefined) {
      if (e.key === 'Tab') onDone()
      return
    }
    e.preventDefault()
    all[(to + all.length) % all.length]?.focus()
  }
  return (
    <div ref={box} onKeyDown={onKey}>
      {groups.filter((g) => g.items.length > 0).map((g, i) => (
        <div key={g.label ?? i} role="group" aria-label={g.label} className={css.group}>
          {g.label && <div className={css.title}>{g.label}</div>}
          {g.items.map((x) => (
            <button
              key={x.id}
              type="button"
              role={x.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
              aria-checked={x.checked}
              aria-disabled={x.off ? true : undefined}
              className={cx(css.item, x.danger && css.danger)}
              onClick={() => {
                if (x.off) return
                onDone()
                x.run?.()
              }}
            >
              {x.icon}
              <span className={css.text}>
                {x.label}
                {(x.off ?? x.hint) && <span className={css.hint}>{x.off ?? x.hint}</span>}
              </span>
              {x.checked && <Check size={14} strokeWidth={2} aria-hidden />}
              {x.key && <Kbd k={x.key} />}
            </button>
          ))}
        </div>
      ))}
    </div>
  )
}
