// One event stream for all tabs of a browser: HTTP/1.1 allows few connections, so one tab leads and tells the others.
import type { QueryClient } from '@tanstack/react-query'

type Message = { kind: 'stale'; keys: string[] } | { kind: 'resync' }
type Handler = () => void

const handlers = new Map<string, Set<Handler>>()

/** Takes over what happens when a key becomes stale, instead of reading it again at once. */
export function onStale(key: string, handler: Handler): () => void {
  const set = handlers.get(key) ?? new Set()
  handlers.set(key, set.add(handler))
  return () => set.delete(handler)
}

/** Follows the server's changes; returns how to stop. */
export function startLive(client: QueryClient): () => void {
  const channel = new BroadcastChannel('steward.live')
  let source: EventSource | null = null
  let stopped = false
  let release: () => void = () => {}

  const take = (msg: Message) => {
    if (msg.kind === 'resync') {
      handlers.forEach((set) => set.forEach((h) => h()))
      void client.invalidateQueries({ predicate: (q) => !handlers.get(String(q.queryKey[0]))?.size })
      return
    }
    const plain = new Set<unknown>()
    for (const key of msg.keys) {
      const set = handlers.get(key)
      if (set?.size) set.forEach((h) => h())
      else plain.add(key)
    }
    if (plain.size) void client.invalidateQueries({ predicate: (q) => plain.has(q.queryKey[0]) })
  }
  const tell = (msg: Message) => {
    take(msg)
    channel.postMessage(msg)
  }
  channel.onmessage = (e: MessageEvent<Message>) => take(e.data)

  const lead = () => {
    if (stopped) return
    let opened = false
    source = new EventSource('/api/v1/events')
    source.onopen = () => {
      if (opened) tell({ kind: 'resync' })
      opened = true
    }
    source.addEventListener('stale', (e: MessageEvent<string>) => {
      const data = JSON.parse(e.data) as { keys?: string[] }
      if (data.keys) tell({ kind: 'stale', keys: data.keys })
    })
    source.addEventListener('resync', () => tell({ kind: 'resync' }))
    // The session ended somewhere else: the next read says so and leads to the sign-in page.
    source.addEventListener('end', () => {
      source?.close()
      tell({ kind: 'stale', keys: ['session'] })
    })
  }
  const held = new Promise<void>((done) => (release = done))
  if (navigator.locks) void navigator.locks.request('steward.live', () => (stopped ? undefined : (lead(), held)))
  else lead()

  return () => {
    stopped = true
    source?.close()
    channel.close()
    release()
  }
}
