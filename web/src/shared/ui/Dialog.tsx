import { X } from 'lucide-react'
import { useEffect, useId, useLayoutEffect, useRef, type FormEvent, type KeyboardEvent, type ReactNode } from 'react'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { useKeys } from '../lib/keys'
import { IconButton } from './Button'
import css from './Dialog.module.css'
import { PopupScope } from './PopupScope'

interface Props {
  title: ReactNode
  sub?: ReactNode
  onClose: () => void
  children: ReactNode
  foot?: ReactNode
  /** A drawer stands at the right edge and is for forms; a box stands in the middle and is for one question; `top` is for the palette. */
  kind?: 'drawer' | 'box' | 'top'
  width?: number
  /** Makes it a form: Ctrl Enter and the submit button send it. */
  onSubmit?: (() => void) | undefined
  bare?: boolean
}

/** A layer above the page: traps the focus, Escape closes it, and the focus goes back where it was. */
export function Dialog({ title, sub, onClose, children, foot, kind = 'box', width, onSubmit, bare }: Props) {
  const m = useM()
  const box = useRef<HTMLDialogElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const id = useId()
  const close = useRef(onClose)
  useEffect(() => {
    close.current = onClose
  })
  useLayoutEffect(() => {
    const el = box.current
    if (!el) return
    const before = document.activeElement
    el.showModal()
    const first = el.querySelector<HTMLElement>('[data-autofocus]') ?? body.current?.querySelector<HTMLElement>('input:not([type=hidden]), textarea, [tabindex="0"], button') ?? el.querySelector<HTMLElement>('footer button')
    first?.focus({ preventScroll: true })
    const cancel = (e: Event) => {
      e.preventDefault()
      close.current()
    }
    el.addEventListener('cancel', cancel)
    return () => {
      el.removeEventListener('cancel', cancel)
      el.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
  useKeys(onSubmit ? [{ keys: 'mod+enter', label: m.keys.send, typing: true, run: onSubmit }] : [], { modal: true })

  const submit = (e: FormEvent) => {
    e.preventDefault()
    onSubmit?.()
  }
  // Ctrl Enter sends from every control, also from those that want Enter for themselves.
  const sendKey = (e: KeyboardEvent) => {
    if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey) || e.nativeEvent.isComposing) return
    e.preventDefault()
    e.stopPropagation()
    onSubmit?.()
  }
  const Body = onSubmit ? 'form' : 'div'
  return (
    <dialog
      ref={box}
      className={cx(css.dialog, css[kind])}
      style={width ? { width } : undefined}
      aria-labelledby={id}
      onPointerDown={(e) => e.target === box.current && e.button === 0 && close.current()}
    >
      <PopupScope root={box}>
        <Body className={css.inner} {...(onSubmit ? { onSubmit: submit, noValidate: true, onKeyDownCapture: sendKey } : {})}>
          {bare ? (
            <h2 className="sr" id={id}>{title}</h2>
          ) : (
            <header className={css.head}>
              <div className="grow">
                <h2 id={id} className={css.title}>{title}</h2>
                {sub && <p className={css.sub}>{sub}</p>}
              </div>
              <IconButton label={m.app.close} icon={<X size={16} strokeWidth={1.75} />} onClick={onClose} />
            </header>
          )}
          <div className={cx(css.body, bare && css.bare)} ref={body}>{children}</div>
          {foot && <footer className={css.foot}>{foot}</footer>}
        </Body>
      </PopupScope>
    </dialog>
  )
}
