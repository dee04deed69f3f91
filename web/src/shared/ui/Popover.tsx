import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from 'react'
import { cx } from '../lib/cx'
import css from './Popover.module.css'
import { PopupScope } from './PopupScope'

interface Props {
  anchor: RefObject<HTMLElement | null>
  open: boolean
  onClose: () => void
  children: ReactNode
  label?: string
  role?: 'dialog' | 'menu'
  /** Which edge of the anchor it lines up with. */
  align?: 'start' | 'end'
  side?: 'below' | 'right' | 'left'
  width?: number
  className?: string | undefined
}

/** A floating panel beside its anchor. Escape and a press outside close it; the focus goes back. */
export function Popover({ open, ...rest }: Props) {
  return open ? <Open {...rest} /> : null
}

function Open({ anchor, onClose, children, label, role = 'dialog', align = 'start', side = 'below', width, className }: Omit<Props, 'open'>) {
  const box = useRef<HTMLDivElement>(null)
  const close = useRef(onClose)
  const [at, setAt] = useState<{ left: number; top: number; maxHeight: number } | null>(null)
  useEffect(() => {
    close.current = onClose
  })

  const place = useCallback(() => {
    const a = anchor.current?.getBoundingClientRect()
    const el = box.current
    if (!a || !el) return
    const gap = 6
    const w = el.offsetWidth, h = el.scrollHeight + 2
    let left = align === 'end' ? a.right - w : a.left
    let top = a.bottom + gap
    if (side === 'right') [left, top] = [a.right + gap, a.top - 8]
    if (side === 'left') [left, top] = [a.left - w - gap, a.top - 8]
    const below = innerHeight - top - 8
    if (side === 'below' && below < Math.min(h, 240) && a.top > below) top = Math.max(8, a.top - gap - Math.min(h, a.top - 14))
    else if (side !== 'below') top = Math.max(8, Math.min(top, innerHeight - Math.min(h, innerHeight - 16) - 8))
    left = Math.max(8, Math.min(left, innerWidth - w - 8))
    const maxHeight = side === 'below' ? (top > a.top ? innerHeight - top - 8 : a.top - gap - 8) : innerHeight - top - 8
    setAt((old) => (old && old.left === left && old.top === top && old.maxHeight === maxHeight ? old : { left, top, maxHeight }))
  }, [anchor, align, side])

  useLayoutEffect(() => {
    const el = box.current
    if (!el) return
    const before = document.activeElement
    const anchorEl = anchor.current
    el.showPopover?.()
    place()
    const target = el.querySelector<HTMLElement>('[autofocus], [data-autofocus], input, [role=menuitem], button, a, [tabindex="0"]')
    ;(target ?? el).focus({ preventScroll: true })
    const observer = new ResizeObserver(place)
    observer.observe(el)
    addEventListener('resize', place)
    addEventListener('scroll', place, true)
    const outside = (e: PointerEvent) => {
      const t = e.target as Node
      if (!el.contains(t) && !anchorEl?.contains(t)) close.current()
    }
    const keys = (e: KeyboardEvent) => {
      if (e.key !== 'Escape' || e.isComposing) return
      e.preventDefault()
      e.stopPropagation()
      close.current()
    }
    document.addEventListener('pointerdown', outside, true)
    el.addEventListener('keydown', keys)
    return () => {
      observer.disconnect()
      removeEventListener('resize', place)
      removeEventListener('scroll', place, true)
      document.removeEventListener('pointerdown', outside, true)
      el.removeEventListener('keydown', keys)
      if (el.contains(document.activeElement) || document.activeElement === document.body) {
        const back = before instanceof HTMLElement && before.isConnected ? before : anchorEl
        back?.focus({ preventScroll: true })
      }
    }
  }, [anchor, place])

  return (
    <div
      ref={box}
      popover="manual"
      role={role}
      aria-label={label}
      tabIndex={-1}
      className={cx(css.popover, className)}
      style={{ left: at?.left ?? -9999, top: at?.top ?? 0, width, maxHeight: at?.maxHeight }}
    >
      <PopupScope root={box}>{children}</PopupScope>
    </div>
  )
}
