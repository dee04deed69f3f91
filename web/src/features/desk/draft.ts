import { onceKey } from '@/api/client'
import { now } from '@/shared/lib/clock'

export interface Ref {
  id: string
  name: string
}

/** One call as far as it has been written down. */
export interface Draft {
  startedAt: string
  number: string
  rings: string
  greeted: boolean
  caller: Ref | null
  position: string
  address: string
  altPhone: string
  customer: Ref | null
  site: Ref | null
  service: Ref | null
  phone: string
  text: string
  impact: string | null
  urgency: string | null
  expected: string
  byPhone: 'yes' | 'no' | null
  guidance: string
  assignee: Ref | null
  requirement: string
  occurredAt: string
  affected: string
  /** Fields filled by the system: replaced when another caller is recognised. */
  auto: Partial<Record<'caller' | 'customer' | 'site' | 'service' | 'phone', true>>
  /** The number the caller was last looked up by. */
  lookedUp: string
  /** Keys that make the writes safe to repeat, and what was written already. */
  callKey: string
  incidentKey: string
  call: string
  incident: string
}

const key = 'steward.desk'

export const fresh = (number = '', rings = ''): Draft => ({
  startedAt: new Date(now()).toISOString(), number, rings, greeted: false,
  caller: null, position: '', address: '', altPhone: '', customer: null, site: null, service: null, phone: '',
  text: '', impact: null, urgency: null, expected: '', byPhone: null, guidance: '', assignee: null, requirement: '', occurredAt: '', affected: '',
  auto: {}, lookedUp: '', callKey: onceKey(), incidentKey: onceKey(), call: '', incident: '',
})

/** Whether anything was written that would be a loss. */
export const worthKeeping = (d: Draft) => !!(d.number || d.text || d.caller || d.customer || d.phone || d.expected || d.call)

export function load(): Draft | null {
  try {
    const stored = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Draft | null
    return stored && worthKeeping(stored) ? { ...fresh(), ...stored } : null
  } catch {
    return null
  }
}

export const store = (d: Draft | null) => (d && worthKeeping(d) ? sessionStorage.setItem(key, JSON.stringify(d)) : sessionStorage.removeItem(key))
