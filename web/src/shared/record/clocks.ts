import type { Promised, Summary } from '@/api/types'
import type { Messages } from '@/locales/types'
import type { Clock } from '../ui/Sla'

/** A promise of the API as a clock of the page. */
export function clockOf(p: Promised, s?: { state: Summary['state'] }, m?: Messages): Clock {
  const on = s?.state.waiting_on
  const total = p.started_at && p.due_at ? Date.parse(p.due_at) - Date.parse(p.started_at) : null
  return {
    name: p.label,
    state: p.state,
    due: p.due_at,
    started: p.started_at,
    used: p.state === 'paused' && p.used_ms != null && total ? p.used_ms / total : null,
    usedMs: p.used_ms,
    limitMs: total,
    pauseReason: p.state === 'paused' && on && m ? m.waitingOn[on] : null,
  }
}

/** The clock a list shows for a record: its nearest promise, or the plain due time. */
export function nearest(s: Summary, m: Messages): Clock | null {
  if (s.promise) return clockOf(s.promise, s, m)
  if (s.due_at) return { name: m.fields.due, state: s.state.kind === 'done' || s.state.kind === 'cancelled' ? 'met' : 'running', due: s.due_at, started: s.created_at }
  return null
}
