import { api } from '@/api/client'
import type { RecordView } from '@/api/types'
import type { Draft } from './draft'
import { titleOf, when } from './when'

const filled = (body: Record<string, unknown>) => Object.fromEntries(Object.entries(body).filter(([, v]) => v !== '' && v !== null && v !== undefined))

/** The name a caller is written down with: how they want to be called, else their name. */
export const callerName = (d: Draft) => d.address || d.caller?.name || ''

const rings = (d: Draft) => (/^\d+$/.test(d.rings.trim()) ? Number(d.rings) : undefined)

/** What a call itself holds. */
export const callBody = (d: Draft) =>
  filled({
    started_at: d.startedAt,
    rings: rings(d),
    greeting: d.greeted || undefined,
    agent_stated_name: d.greeted || undefined,
    caller_phone: d.number,
    caller_name: callerName(d),
    callback_phone: d.phone,
    customer: d.customer?.id,
    site: d.site?.id,
    service: d.service?.id,
    requester: d.caller?.id,
    subject: titleOf(d.text),
    solvable_by_phone: d.byPhone === null ? undefined : d.byPhone === 'yes',
  })

/** The fault that comes out of the call. */
export const incidentBody = (d: Draft, now: number) => {
  const due = when(d.expected, now)
  return filled({
    channel: 'phone',
    call: d.call,
    title: titleOf(d.text),
    description: d.text.trim(),
    customer: d.customer?.id,
    site: d.site?.id,
    service: d.service?.id,
    requester: d.caller?.id,
    caller_name: callerName(d),
    contact_phone: d.phone,
    impact: d.impact,
    urgency: d.urgency,
    expected_solve_at: due === null ? undefined : new Date(due).toISOString(),
    occurred_at: d.occurredAt,
    affected: d.affected,
    solvable_by_phone: d.byPhone === null ? undefined : d.byPhone === 'yes',
    handling_requirement: d.requirement.trim(),
  })
}

type Post = <T>(path: string, body: unknown, once?: string) => Promise<T>
const post: Post = (path, body, once) => api.post(path, body, { once })

/** Writes the call once, however often it is tried. */
export async function saveCall(d: Draft, keep: (patch: Partial<Draft>) => void): Promise<string> {
  if (d.call) return d.call
  const call = await post<RecordView>('/calls', callBody(d), d.callKey)
  keep({ call: call.number })
  return call.number
}

/** Registers the fault of the call; goes on where an earlier try stopped. */
export async function saveIncident(d: Draft, now: number, keep: (patch: Partial<Draft>) => void): Promise<RecordView> {
  const call = await saveCall(d, keep)
  if (d.incident) return api.get<RecordView>(`/incidents/${d.incident}`)
  const record = await post<RecordView>('/incidents', incidentBody({ ...d, call }, now), d.incidentKey)
  keep({ incident: record.number })
  return record
}

/** Sends the fault on its way; without a person the rules choose. */
export const dispatch = (record: RecordView, d: Draft) =>
  api.post<RecordView>(`/incidents/${record.number}/dispatch`, filled({ assignee: d.assignee?.id }), { version: record.version })

/** A second call about something known: told to those who work on it, joined to it, and ended. */
export async function joinCall(d: Draft, number: string, plural: string, note: (call: string) => string, keep: (patch: Partial<Draft>) => void): Promise<string> {
  const call = await saveCall(d, keep)
  await post(`/${plural}/${number}/comments`, { body: note(call), public: false, attachments: [] })
  await post(`/calls/${call}/links`, { kind: 'related', number })
  await post(`/calls/${call}/close`, filled({ result: 'answered', subject: titleOf(d.text) }))
  return call
}

/** Which of the page's fields a field of the server is. */
const places: Record<string, string> = {
  title: 'text', description: 'text', subject: 'text', caller_name: 'caller', requester: 'caller', contact_phone: 'phone', callback_phone: 'phone', customer: 'customerSite', site: 'customerSite',
  service: 'service', expected_solve_at: 'expected', rings: 'rings', caller_phone: 'number', impact: 'impact', urgency: 'urgency', handling_requirement: 'requirement', assignee: 'assignee',
  team: 'assignee', guidance: 'guidance', occurred_at: 'text', affected: 'text', started_at: 'number',
}
export function placed(byField: Record<string, string>): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [field, text] of Object.entries(byField)) out[places[field] ?? field] ??= text
  return out
}
