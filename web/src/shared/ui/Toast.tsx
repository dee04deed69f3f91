import { useEffect, useRef } from 'react'
import { createStore, useStore } from '../lib/store'
import css from './Toast.module.css'

interface ToastItem {
  id: number
  text: string
  action?: { label: string; run: () => void } | undefined
  urgent: boolean
}

let next = 1
const toasts = createStore<ToastItem[]>([])
const drop = (id: number) => toasts.set(toasts.get().filter((t) => t.id !== id))

/** Says shortly what the page does not show itself. With an action (撤销) it stays for 8 seconds. */
export function toast(text: string, action?: ToastItem['action'], urgent = false) {
  const id = next++
  toasts.set([...toasts.get().slice(-2), { id, text, action, urgent }])
  setTimeout(() => drop(id), action || urgent ? 8000 : 4000)
}

export function Toasts() {
  const items = useStore(toasts)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const el = box.current
    if (!el?.showPopover) return
    if (el.matches(':popover-open')) el.hidePopover()
    if (items.length) el.showPopover()
  }, [items])
  return (
    <div ref={box} popover="manual" className={css.box} aria-live={items.some((t) => t.urgent) ? 'assertive' : 'polite'}>
      {items.map((t) => (
        <div key={t.id} className={css.toast} data-solid="">
          <span>{t.text}</span>
          {t.action && (
            <button type="button" className={css.action} onClick={() => (drop(t.id), t.action?.run())}>
              {t.action.label}
            </button>
          )}
        </div>
      ))}
    </div>
  )
}
