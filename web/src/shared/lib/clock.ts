import { useEffect, useState } from 'react'
import { createStore, useStore } from './store'

let offset = 0

/** Follows the server's clock, so that a wrong clock on this machine changes no promise. */
export function syncClock(serverNow: string) {
  const t = Date.parse(serverNow)
  if (Number.isFinite(t)) offset = Math.abs(t - Date.now()) < 2000 ? 0 : t - Date.now()
}

export const now = () => Date.now() + offset

const tick = createStore(0)
setInterval(() => tick.set(tick.get() + 1), 10_000)

/** The present moment, renewed every ten seconds. */
export function useNow() {
  useStore(tick)
  return now()
}

/** True once `ms` have passed since the component appeared. */
export function useAfter(ms: number) {
  const [passed, setPassed] = useState(false)
  useEffect(() => {
    const id = setTimeout(() => setPassed(true), ms)
    return () => clearTimeout(id)
  }, [ms])
  return passed
}
