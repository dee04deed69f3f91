import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '@/api/client'
import { alertQuery, type Alert, type AlertState, type Severity } from '@/api/alerts'
import { Problem, say } from '@/api/problem'
import type { Mark } from '@/api/types'
import { useM } from '@/shared/lib/i18n'
import { PriorityMark } from '@/shared/ui/PriorityMark'
import { StateTag, type StateKind } from '@/shared/ui/StateTag'
import { toast } from '@/shared/ui/Toast'

const marks: Record<Severity, Mark> = { critical: 'urgent', high: 'high', warning: 'medium', info: 'low' }
export const SeverityMark = ({ severity, label, bare }: { severity: Severity; label: string; bare?: boolean }) => <PriorityMark mark={marks[severity]} label={label} {...(bare ? { bare } : {})} />

const kinds: Record<AlertState, [StateKind, number]> = { new: ['new', 0], acknowledged: ['active', 0.3], handling: ['active', 0.6], resolved: ['done', 1], false: ['cancelled', 1] }
export const AlertStateTag = ({ a, boxed }: { a: Alert; boxed?: boolean }) => <StateTag kind={kinds[a.state][0]} progress={kinds[a.state][1]} label={a.state_label} {...(boxed ? { boxed } : {})} />

export type AlertStep = 'acknowledge' | 'handle' | 'resolve' | 'false' | 'link'

/** Takes the steps of an alert, and says what was refused. */
export function useAlertSteps() {
  const m = useM()
  const client = useQueryClient()
  const [busy, setBusy] = useState('')
  const run = async (a: Alert, step: AlertStep, body: Record<string, string> = {}): Promise<boolean> => {
    setBusy(`${a.id}:${step}`)
    try {
      const next = await api.post<Alert>(`/alerts/${a.id}/${step}`, step === 'acknowledge' || step === 'handle' ? undefined : body, { version: a.version })
      client.setQueryData(alertQuery(a.id).queryKey, next)
      toast(m.alert.done[step] ?? '')
      return true
    } catch (e) {
      if (step !== 'link') toast(e instanceof Problem && e.stale ? m.alert.stale : say(e, m.error.network), undefined, true)
      else throw e
      return false
    } finally {
      setBusy('')
      await client.invalidateQueries({ predicate: (q) => q.queryKey[0] === 'list:alert' || q.queryKey[0] === `alert:${a.id}` })
    }
  }
  return { run, busy }
}

/** A reading with its unit: 95.2 %. */
export const reading = (n: number | null, unit: string) => (n === null ? '' : `${Number.isInteger(n) ? n : Math.round(n * 100) / 100}${unit ? ` ${unit}` : ''}`)
