import { useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, type Query } from '@/api/client'
import { onStale } from '@/api/live'
import { listQuery } from '@/api/queries'
import type { Page, Summary, TypeMeta } from '@/api/types'

/** Live changes of a list: rows already shown change where they stand, new ones wait at the top until asked for. */
export function useFreshRows(type: TypeMeta, query: Query) {
  const client = useQueryClient()
  const [waiting, setWaiting] = useState(0)
  const [touched, setTouched] = useState<Set<string>>(new Set())
  const text = JSON.stringify(query)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)

  useEffect(() => {
    const wanted = JSON.parse(text) as Query
    const key = listQuery(type, wanted).queryKey
    setWaiting(0)
    const look = async () => {
      const now = await api.get<Page<Summary>>(`/${type.plural}`, { limit: 100, ...wanted }).catch(() => null)
      const old = client.getQueryData<InfiniteData<Page<Summary>>>(key)
      if (!now || !old) return
      const shown = new Map(old.pages.flatMap((p) => p.items).map((r) => [r.number, r]))
      const changed = now.items.filter((r) => (shown.get(r.number)?.version ?? r.version) !== r.version)
      if (changed.length > 0) {
        const next = new Map(changed.map((r) => [r.number, r]))
        client.setQueryData<InfiniteData<Page<Summary>>>(key, { ...old, pages: old.pages.map((p) => ({ ...p, items: p.items.map((r) => next.get(r.number) ?? r) })) })
        setTouched(new Set(next.keys()))
        setTimeout(() => setTouched(new Set()), 2000)
      }
      setWaiting(now.items.filter((r) => !shown.has(r.number)).length)
      // Counts of the tabs are cheap and move nothing.
      void client.invalidateQueries({ predicate: (q) => q.queryKey[0] === `list:${type.type}` && q.queryKey[1] === 'total' })
    }
    const stop = onStale(`list:${type.type}`, () => {
      clearTimeout(timer.current)
      timer.current = setTimeout(() => void look(), 600)
    })
    return () => {
      stop()
      clearTimeout(timer.current)
    }
  }, [client, type, text])

  return { waiting, touched, clear: () => setWaiting(0) }
}
