import type { Promised, Summary } from '@/api/types'
import type { Messages } from '@/locales/types'
import { now } from '../lib/clock'
import type { Clock } from '../ui/Sla'

/** When this page first had a promise in hand: what is left is counted down from there. */
const seen = new WeakMap<Promised, number>()
function since(p: Promised): number {
  const at = seen.get(p) ?? now()
  seen.set(p, at)
  return at
}

/** What tells promises of one record apart. */
export const keyOf = (p: Promised) => `${p.agreement}/${p.name}`

/** A promise of the API as a clock of the page. */
export function clockOf(p: Promised, s?: { state: Summary['state'] }, m?: Messages): Clock {
  const on = s?.state.waiting_on
  return {
    name: p.label,
    state: p.state,
    due: p.due_at,
    started: p.started_at,
    stopped: p.stopped_at,
    usedMs: p.used_ms,
    limitMs: p.target_ms,
    leftMs: p.left_ms,
    seen: since(p),
    pauseReason: p.state === 'paused' && on && m ? m.waitingOn[on] : null,
    inner: p.kind === 'ola' || p.kind === 'uc' ? p.kind : null,
  }
}

/** The clock a list shows for a record: its nearest promise, or the plain due time. */
export function nearest(s: Summary, m: Messages): Clock | null {
  if (s.promise) return clockOf(s.promise, s, m)
  if (s.due_at && s.state.kind !== 'done' && s.state.kind !== 'cancelled') return { name: m.fields.due, state: 'running', due: s.due_at, started: s.created_at }
  return null
}
