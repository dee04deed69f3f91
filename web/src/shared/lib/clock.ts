import { useEffect, useState } from 'react'
import { createStore, useStore } from './store'

/** The present instant: the only place that asks for it. */
export const now = () => Date.now()

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
