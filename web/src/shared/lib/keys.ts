import { useEffect, useRef } from 'react'
import { createStore, useStore } from './store'

/** One key: `j`, `shift+x`, `mod+k`, `alt+i`, `mod+enter`, `escape`, or two in a row: `g w`. */
export interface KeyBinding {
  keys: string
  label: string
  group?: string
  /** Also while typing. Combinations with Ctrl or Alt always are. */
  typing?: boolean
  run: (event: KeyboardEvent) => void
}

interface Scope {
  bindings: KeyBinding[]
  modal: boolean
}

const scopes = createStore<Scope[]>([])
export const useKeyHelp = () => useStore(scopes).flatMap((s) => s.bindings)

const lettersOn = createStore(localStorage.getItem('steward.keys') !== 'off')
export const useLetterKeys = () => useStore(lettersOn)
/** Single letters can be switched off for people who dictate or press by accident. */
export function setLetterKeys(on: boolean) {
  localStorage.setItem('steward.keys', on ? 'on' : 'off')
  lettersOn.set(on)
}

function name(e: KeyboardEvent): string {
  const key = e.key === ' ' ? 'space' : e.key.toLowerCase()
  const mods = [(e.ctrlKey || e.metaKey) && 'mod', e.altKey && 'alt', e.shiftKey && key.length > 1 && 'shift']
  return [...mods.filter(Boolean), e.altKey && /^(Key|Digit)/.test(e.code) ? e.code.replace(/^(Key|Digit)/, '').toLowerCase() : key].join('+')
}

const typing = (el: Element | null) =>
  el instanceof HTMLElement &&
  (el.isContentEditable || /^(textarea|select)$/i.test(el.tagName) ||
    (el instanceof HTMLInputElement && !/^(checkbox|radio|button|submit)$/.test(el.type)) || el.getAttribute('role') === 'combobox')

let prefix = ''
let prefixTimer: ReturnType<typeof setTimeout> | undefined

function onKeyDown(e: KeyboardEvent) {
  if (e.isComposing || e.defaultPrevented || ['Shift', 'Control', 'Alt', 'Meta'].includes(e.key)) return
  const pressed = name(e)
  const plain = !pressed.includes('mod+') && !pressed.includes('alt+')
  const isTyping = typing(document.activeElement)
  const onControl = document.activeElement instanceof HTMLElement && /^(button|a|summary|input)$/i.test(document.activeElement.tagName)
  const full = prefix ? `${prefix} ${pressed}` : pressed
  const letter = pressed.length === 1 && pressed !== '?'
  for (const scope of [...scopes.get()].reverse()) {
    for (const b of scope.bindings) {
      if (b.keys !== full) continue
      if (plain && isTyping && !b.typing) continue
      if (letter && !lettersOn.get()) continue
      // Enter and Space belong to the control that has the focus.
      if ((pressed === 'enter' || pressed === 'space') && onControl && !b.typing) continue
      e.preventDefault()
      prefix = ''
      b.run(e)
      return
    }
    if (scope.modal) break
  }
  clearTimeout(prefixTimer)
  const starts = !isTyping && plain && lettersOn.get() && scopes.get().some((s) => s.bindings.some((b) => b.keys.startsWith(`${pressed} `)))
  prefix = !prefix && starts ? pressed : ''
  if (prefix) prefixTimer = setTimeout(() => (prefix = ''), 1200)
}

addEventListener('keydown', onKeyDown)

/** Keys that work while the component is shown; the newest scope wins. `modal` hides all scopes below. */
export function useKeys(bindings: KeyBinding[], options: { modal?: boolean; off?: boolean } = {}) {
  const latest = useRef(bindings)
  useEffect(() => {
    latest.current = bindings
  })
  const { modal = false, off = false } = options
  const signature = bindings.map((b) => `${b.keys}\t${b.label}\t${b.group ?? ''}`).join('\n')
  useEffect(() => {
    if (off) return
    const scope: Scope = {
      modal,
      bindings: latest.current.map((b, i) => ({ ...b, run: (e) => latest.current[i]?.run(e) })),
    }
    scopes.set([...scopes.get(), scope])
    return () => scopes.set(scopes.get().filter((s) => s !== scope))
  }, [signature, modal, off])
}
