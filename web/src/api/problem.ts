import type { Change, RecordView } from './types'

interface Body {
  type?: string
  title?: string
  status?: number
  code?: string
  detail?: string
  guard?: string
  errors?: { field: string; code?: string; detail: string }[]
  request_id?: string
  current?: RecordView
  changes?: Change[]
}

/** What the server says went wrong, in the reader's language. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly guard: string | undefined
  readonly errors: { field: string; code?: string; detail: string }[]
  readonly current: RecordView | undefined
  readonly changes: Change[]
  private readonly requestId: string

  constructor(status: number, body: Body) {
    super(body.detail ?? body.title ?? `HTTP ${status}`)
    this.status = status
    this.code = body.code ?? ''
    this.detail = body.detail ?? body.title ?? ''
    this.guard = body.guard
    this.errors = body.errors ?? []
    this.current = body.current
    this.changes = body.changes ?? []
    this.requestId = body.request_id ?? ''
  }

  /** Somebody changed the record since it was read. */
  get stale() {
    return this.status === 412 || this.code === 'stale'
  }

  /** Messages by field, to be shown where they belong. */
  byField(): Record<string, string> {
    return Object.fromEntries(this.errors.map((e) => [e.field.replace(/^(body|fields)\./, ''), e.detail]))
  }

  details() {
    return [this.status, this.code, this.guard, this.detail, this.requestId, location.pathname, new Date().toISOString()].filter(Boolean).join('\n')
  }
}

/** The sentence to show for whatever was thrown. */
export const say = (error: unknown, fallback: string) => (error instanceof Problem && error.detail ? error.detail : fallback)
