// The shapes of the HTTP API. Labels come in the reader's language.
import type { StateKind, WaitingOn } from '@/shared/ui/StateTag'

export type Instant = string
export interface Page<T> {
  items: T[]
  next_cursor?: string | null
  total?: number
  total_capped?: boolean
}
export interface Named {
  id: string
  name: string
}

// ── what the reader may see and do ──────────────────────────────────────────
export type FieldType =
  | 'text' | 'markdown' | 'number' | 'money' | 'bool' | 'date' | 'time' | 'datetime' | 'duration' | 'enum' | 'tree' | 'ref'
  | 'files' | 'table' | 'checklist' | 'signoffs' | 'consent' | 'signature' | 'secret' | 'rating' | 'geo' | 'interval'
  | 'phone' | 'email' | 'link'

export interface Option {
  value: string
  label: string
  hint?: string
  parent?: string
}
export interface FieldMeta {
  name: string
  type: FieldType
  label: string
  help?: string
  placeholder?: string
  required?: boolean
  read_only?: boolean
  public?: boolean
  sensitive?: boolean
  indexed?: boolean
  multiple?: boolean
  options?: Option[]
  to?: string
  columns?: FieldMeta[]
  items?: { code: string; label: string }[]
  min?: number
  max?: number
  max_len?: number
  scale?: number
  unit?: string
  currency?: string
  accept?: string[]
  of?: string
  covers?: { code: string; label: string }[]
  by?: string[]
  group?: string
  width?: string
}
export interface FormSpec {
  fields: string[]
  require: string[]
  require_when?: { when: string; fields: string[] }[]
  comment?: 'none' | 'optional' | 'required'
  comment_public?: boolean
  confirm?: string
}
export interface StateMeta {
  code: string
  label: string
  kind: StateKind
  waiting_on?: WaitingOn | ''
  progress: number
  order: number
}
export interface TypeMeta {
  type: string
  plural: string
  label: string
  icon?: string
  group?: string
  create: FormSpec | null
  workflows: { code: string; label: string; default?: boolean; states: StateMeta[] }[]
  fields: FieldMeta[]
  columns: string[]
  board?: boolean
  bulk?: string[]
  sorts?: string[]
  similar?: boolean
  /** The priority scheme it uses. */
  scheme?: string
}
export type Mark = 'urgent' | 'high' | 'medium' | 'low'
export interface Priority {
  value: string
  label: string
  mark: Mark
}
export interface Scheme {
  code: string
  label: string
  impacts: Option[]
  urgencies: Option[]
  priorities: Priority[]
  matrix: Record<string, Record<string, string>>
}
export interface NavItem {
  key: string
  label: string
  icon?: string
  to: string
  /** Where its number stands in the counts: `work`, `types.incident`. */
  count?: string
}
export interface Meta {
  types: TypeMeta[]
  nav: { group: string; label: string; items: NavItem[] }[]
  priorities: Priority[]
  schemes: Scheme[]
  link_kinds: { code: string; label: string; inverse: string }[]
  channels: Option[]
  home: 'work' | 'portal'
}

// ── records ─────────────────────────────────────────────────────────────────
export interface State {
  code: string
  label: string
  kind: StateKind
  waiting_on?: WaitingOn | '' | null
  progress?: number
}
/** A time given to somebody. Lengths are working time of its agreement. */
export interface Promised {
  name: string
  label: string
  /** With the customer, between teams, with a supplier, or only what the customer expects. */
  kind: 'sla' | 'ola' | 'uc' | 'expected'
  /** Its code; empty for what the customer expects. */
  agreement: string
  /** Null while the clock stands. */
  due_at: Instant | null
  state: 'running' | 'paused' | 'met' | 'breached'
  started_at: Instant
  stopped_at: Instant | null
  used_ms: number
  /** Negative when it is over. */
  left_ms: number
  target_ms: number
}
export interface Summary {
  number: string
  type: string
  plural: string
  title: string
  workflow: string
  state: State
  priority: Priority | null
  customer: Named | null
  site: Named | null
  service: Named | null
  requester: Named | null
  assignee: Named | null
  team: Named | null
  channel?: string
  level?: string
  major?: boolean
  reopened?: number
  urges?: number
  created_at: Instant
  updated_at: Instant
  due_at?: Instant | null
  promise?: Promised | null
  version: number
  fields?: Record<string, unknown>
  next?: { transition: string; label: string; key?: string; input?: boolean } | null
}
export interface Action {
  transition: string
  label: string
  style?: 'primary' | 'default' | 'danger'
  key?: string
  form: FormSpec
  missing?: { field: string; label: string }[]
  guard_hint?: string
  /** The states it may lead to. */
  to?: string[]
}
export interface Closed {
  transition: string
  label: string
  reason: string
  guard?: string
  missing?: { field: string; label: string }[]
  to?: string[]
}
export interface FileRef {
  id: string
  name: string
  size: number
  type: string
  sha256?: string
  url: string
  created_at?: Instant
  by?: string | Named
}
export interface Approval {
  id: string
  name: string
  label: string
  state: 'open' | 'approved' | 'refused' | 'cancelled'
  policy?: string
  asked_at: Instant
  asked_by?: string | Named
  approvers: { who: string; decision?: string; by?: string; reason?: string; at?: Instant | null }[]
  yours?: boolean
  reason?: string
}
export interface RecordLink {
  id: string
  kind: string
  label: string
  inverse?: boolean
  record: Summary
}
export interface StripStep {
  code: string
  label: string
  phase: 'done' | 'current' | 'ahead'
  by?: string | null
  at?: Instant | null
}
/** A record as its page gets it. */
export interface RecordView extends Omit<Summary, 'fields'> {
  next_steps: NextBlock
  description?: string
  fields: Record<string, unknown>
  refs?: Record<string, string>
  field_order?: { group: string; fields: string[] }[]
  editable?: string[]
  milestones?: Record<string, Instant | null>
  strip?: StripStep[]
  promises?: Promised[]
  links?: RecordLink[]
  children?: Summary[]
  parent?: Summary | null
  watchers?: { id: string; name: string; me?: boolean }[]
  attachments?: FileRef[]
  approvals?: Approval[]
  can?: Partial<Record<'edit' | 'comment' | 'comment_internal' | 'assign' | 'urge' | 'link' | 'watch' | 'attach' | 'work_log', boolean>>
}
export interface NextBlock {
  yours: boolean
  headline: string
  waiting_for?: string | null
  actions: Action[]
  closed: Closed[]
}

export interface Change {
  field: string
  label: string
  old: unknown
  new: unknown
  by?: string | Named
  at?: Instant
}
export interface Entry {
  id: string
  at: Instant
  kind: 'created' | 'comment' | 'moved' | 'edited' | 'assigned' | 'urged' | 'approval' | 'attachment' | 'link' | 'work' | 'timer' | 'rated' | 'other'
  public: boolean
  direction: 'in' | 'out' | 'none'
  author?: { id: string; name: string; side: 'provider' | 'customer' | 'supplier' | 'system'; me?: boolean } | null
  text?: string
  body?: string
  attachments?: FileRef[]
  transition?: { code: string; label: string; from?: string; to?: string } | null
  changes?: Change[]
  edited?: boolean
}

// ── around records ──────────────────────────────────────────────────────────
export interface Work {
  headline: { count: number; next_due_at?: Instant | null }
  groups: { key: 'hour' | 'today' | 'later' | 'waiting' | 'unpromised'; items: Summary[] }[]
  done_today: number
  warnings: { label: string; number?: string }[]
}
export interface Counts {
  work: number
  work_due: number
  notifications: number
  types: Record<string, number>
}
export interface SavedView {
  id: string
  type: string
  name: string
  query: string
  columns?: string[]
  shared?: boolean
  position?: number
  mine?: boolean
  count?: number
}
export interface Notice {
  id: string
  at: Instant
  kind: string
  level?: 'info' | 'normal' | 'urgent'
  text: string
  number?: string
  plural?: string
  read: boolean
  /** Whether I am asked to confirm that I know, and when I did. */
  acknowledge?: boolean
  acknowledged_at?: Instant | null
}
/** A found record, with the place where the words stand. */
export type SearchHit = Summary & { snippet?: { text: string; hit?: boolean }[] }
