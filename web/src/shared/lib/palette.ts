import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import { createStore, useStore } from './store'

export interface Command {
  id: string
  label: string
  key?: string | undefined
  icon?: ReactNode
  run: () => void
}

type Mode = 'closed' | 'all' | 'create'
const mode = createStore<Mode>('closed')
export const openPalette = (m: Exclude<Mode, 'closed'> = 'all') => mode.set(m)
export const closePalette = () => mode.set('closed')
export const usePaletteMode = () => useStore(mode)

const commands = createStore<Command[]>([])
export const usePageCommands = () => useStore(commands)

/** What the command palette offers while the component is shown. */
export function useCommands(list: Command[]) {
  const latest = useRef(list)
  useEffect(() => {
    latest.current = list
  })
  const signature = list.map((c) => c.id + c.label).join('\n')
  useEffect(() => {
    const mine = latest.current.map((c, i) => ({ ...c, run: () => latest.current[i]?.run() }))
    commands.set([...commands.get(), ...mine])
    return () => commands.set(commands.get().filter((c) => !mine.includes(c)))
  }, [signature])
}

const key = 'steward.recent'
export interface Recent {
  number: string
  title: string
}
export function recent(): Recent[] {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '[]') as Recent[]
  } catch {
    return []
  }
}
/** Remembers an opened record in this browser. */
export function remember(r: Recent) {
  localStorage.setItem(key, JSON.stringify([r, ...recent().filter((x) => x.number !== r.number)].slice(0, 8)))
}
