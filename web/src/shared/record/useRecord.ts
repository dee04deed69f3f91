import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '@/api/client'
import { recordQuery } from '@/api/queries'
import { Problem } from '@/api/problem'
import type { RecordView } from '@/api/types'
import type { Values } from '../form/values'

/** Puts a written record in its place and marks what it touches as stale. */
export function afterWrite(client: QueryClient, record: RecordView) {
  client.setQueryData(recordQuery(record.number).queryKey, record)
  void client.invalidateQueries({
    predicate: (q) => {
      const head = q.queryKey[0]
      return head === 'work' || head === `list:${record.type}` || (head === `record:${record.number}` && q.queryKey.length > 1)
    },
  })
}

export interface Pending {
  problem: Problem
  /** What the person wanted to write. */
  mine: Values
  retry: (version: number) => Promise<boolean>
}

type Send = (body: Values, version: number) => Promise<RecordView>

/** Writes to one record: keeps what was typed when somebody else was faster. */
export function useRecordWriter(number: string) {
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [conflict, setConflict] = useState<Pending | null>(null)
  const [problem, setProblem] = useState<unknown>(null)

  /** `merge`: when others changed only other fields, the change goes through without a question. */
  const run = async (send: Send, body: Values, version: number, merge = false): Promise<boolean> => {
    setBusy(true)
    setProblem(null)
    try {
      afterWrite(client, await send(body, version))
      setConflict(null)
      return true
    } catch (e) {
      if (e instanceof Problem && e.stale) {
        const apart = e.changes.length > 0 && e.changes.every((c) => !(c.field in body))
        if (merge && apart && e.current) return run(send, body, e.current.version)
        if (e.current) client.setQueryData(recordQuery(number).queryKey, e.current)
        setConflict({ problem: e, mine: body, retry: (v) => run(send, body, v) })
      } else setProblem(e)
      return false
    } finally {
      setBusy(false)
    }
  }
  const dropConflict = () => {
    setConflict(null)
    void client.invalidateQueries({ queryKey: [`record:${number}`] })
  }
  return { run, busy, problem, setProblem, conflict, dropConflict }
}

/** The writes a record knows. */
export const send = {
  patch: (r: { plural: string; number: string }): Send => (body, version) => api.patch(`/${r.plural}/${r.number}`, body, { version }),
  move: (r: { plural: string; number: string }, transition: string): Send => (body, version) => api.post(`/${r.plural}/${r.number}/${transition}`, body, { version }),
}
