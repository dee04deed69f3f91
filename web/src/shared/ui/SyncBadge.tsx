import { CloudOff, RefreshCw } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useM } from '../lib/i18n'
import css from './SyncBadge.module.css'

const online = () => navigator.onLine
const watch = (listener: () => void) => {
  addEventListener('online', listener)
  addEventListener('offline', listener)
  return () => {
    removeEventListener('online', listener)
    removeEventListener('offline', listener)
  }
}

/** Says when there is no connection and how much waits to be sent; nothing when all is well. */
export function SyncBadge({ waiting = 0 }: { waiting?: number }) {
  const m = useM()
  const isOnline = useSyncExternalStore(watch, online)
  if (isOnline && waiting === 0) return null
  return (
    <span className={css.badge} role="status">
      {isOnline ? <RefreshCw size={14} strokeWidth={1.75} aria-hidden /> : <CloudOff size={14} strokeWidth={1.75} aria-hidden />}
      {isOnline ? m.sync.sending(waiting) : waiting ? m.sync.offlineWaiting(waiting) : m.sync.offline}
    </span>
  )
}
