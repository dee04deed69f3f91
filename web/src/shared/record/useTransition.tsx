import { useState, type ReactNode } from 'react'
import { say } from '@/api/problem'
import type { Action, RecordView } from '@/api/types'
import { useM } from '../lib/i18n'
import { toast } from '../ui/Toast'
import { ConflictDialog } from './ConflictDialog'
import { asks, TransitionDialog } from './TransitionDialog'
import { send, useRecordWriter } from './useRecord'

/** Runs steps of one record: at once when nothing is asked, else with a drawer. Put `dialog` on the page. */
export function useTransition(record: RecordView | undefined, onDone?: () => void): { start: (a: Action) => void; busy: string; dialog: ReactNode } {
  const m = useM()
  const writer = useRecordWriter(record?.number ?? '')
  // The record as it was when the step was opened: a live change must not slip under it.
  const [open, setOpen] = useState<{ action: Action; record: RecordView } | null>(null)
  const [running, setRunning] = useState('')
  const start = (a: Action) => {
    if (!record || running) return
    if (asks(a)) return setOpen({ action: a, record })
    setRunning(a.transition)
    void writer.run(send.move(record, a.transition), {}, record.version).then((ok) => {
      setRunning('')
      if (ok) onDone?.()
    })
  }
  const { problem, setProblem } = writer
  if (problem) {
    queueMicrotask(() => {
      toast(say(problem, m.error.network), undefined, true)
      setProblem(null)
    })
  }
  const dialog = record && (
    <>
      {open && <TransitionDialog record={open.record} action={open.action} onDone={onDone} onClose={() => setOpen(null)} />}
      {writer.conflict && <ConflictDialog pending={writer.conflict} version={record.version} onDrop={writer.dropConflict} />}
    </>
  )
  return { start, busy: running, dialog }
}
