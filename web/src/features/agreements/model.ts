import { useQueries, useSuspenseQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import { metaQuery } from '@/api/queries'
import { clauseNames, type Agreement, type Step, type Tally, type Target, type Words } from '@/api/sla'
import type { Option } from '@/api/types'
import { lengthText, seconds } from '@/shared/promise/hours'

/** One line of the matrix: a target, and how long it is for each priority; '' is every other one. */
export interface Line {
  name: string
  label: Words | undefined
  level: string
  pausable: boolean
  starts: 'created' | 'assigned' | 'event'
  after: boolean
  cells: Record<string, string>
}
export interface StepLine {
  target: string
  point: 'percent' | 'before' | 'after'
  amount: string
  kind: Step['kind']
  to: string[]
  wake: boolean
  /** How long until the next level is told; '' = not reported upwards. */
  up: string
}
/** An agreement while it is being written. */
export interface Draft extends Omit<Agreement, 'targets' | 'steps'> {
  lines: Line[]
  stepLines: StepLine[]
}

const line = (name: string, pausable = false, after = false): Line => ({ name, label: undefined, level: '', pausable, starts: 'created', after, cells: {} })

export function draftOf(a: Agreement | null): Draft {
  if (!a) return { code: '', label: { zh: '', en: '' }, kind: 'sla', calendar: '', pauses_on: ['customer'], lines: [line('response'), line('resolution', true)], stepLines: [] }
  const { targets, steps, ...rest } = a
  const lines: Line[] = []
  for (const t of targets) {
    let l = lines.find((x) => x.name === t.name && x.level === (t.level ?? ''))
    if (!l) lines.push((l = { name: t.name, label: t.label, level: t.level ?? '', pausable: !!t.pausable, starts: t.starts ?? 'created', after: !!t.after_first_response, cells: {} }))
    l.cells[t.priority ?? ''] = lengthText(t.seconds)
  }
  return { ...rest, pauses_on: rest.pauses_on ?? ['customer'], lines, stepLines: (steps ?? []).map(stepLine) }
}

const stepLine = (s: Step): StepLine => ({
  target: s.target, kind: s.kind, to: s.to, wake: !!s.wake, up: s.report_up_seconds ? lengthText(s.report_up_seconds) : '',
  ...(s.before_seconds ? { point: 'before' as const, amount: lengthText(s.before_seconds) } : s.after_seconds ? { point: 'after' as const, amount: lengthText(s.after_seconds) } : { point: 'percent' as const, amount: String(s.percent ?? 0) }),
})

/** What is written, as the server takes it; cells that cannot be read are left out. */
export function agreementOf(d: Draft): Agreement {
  const { lines, stepLines, state: _state, version: _version, active_version: _active, ...rest } = d
  void [_state, _version, _active]
  const targets: Target[] = lines.flatMap((l) =>
    Object.entries(l.cells).flatMap(([priority, text]): Target[] => {
      const n = seconds(text)
      if (!n || !l.name) return []
      return [{
        name: l.name, seconds: n, ...(l.label ? { label: l.label } : {}), ...(priority ? { priority } : {}), ...(l.level ? { level: l.level } : {}),
        ...(l.pausable ? { pausable: true } : {}), ...(l.starts !== 'created' ? { starts: l.starts } : {}), ...(l.after ? { after_first_response: true } : {}),
      }]
    }),
  )
  const steps: Step[] = stepLines.map((s) => ({
    target: s.target, kind: s.kind, to: s.to, ...(s.wake ? { wake: true } : {}), ...(seconds(s.up) ? { report_up_seconds: seconds(s.up) ?? 0 } : {}),
    ...(s.point === 'percent' ? { percent: Math.round(Number(s.amount)) || 0 } : s.point === 'before' ? { before_seconds: seconds(s.amount) ?? 0 } : { after_seconds: seconds(s.amount) ?? 0 }),
  }))
  return { ...rest, targets, ...(steps.length > 0 ? { steps } : {}) }
}

/** Cells that cannot be read, as line/priority. */
export const badCells = (d: Draft) => d.lines.flatMap((l, i) => Object.entries(l.cells).flatMap(([p, text]) => (text.trim() && !seconds(text) ? [`${i}/${p}`] : [])))
export const badSteps = (d: Draft) => d.stepLines.map((s) => s.to.length === 0 || (s.up.trim() !== '' && !seconds(s.up)) || (s.point === 'percent' ? !(Number(s.amount) > 0 && Number(s.amount) <= 1000) : !seconds(s.amount)))

/** What an agreement lacks to be put in force, by the names the server uses. */
export function lacking(a: Agreement): string[] {
  const out: string[] = []
  const need = (name: string, there: unknown) => {
    if (!there) out.push(name)
  }
  need('targets', a.targets.length > 0)
  need('valid_from', a.valid_from)
  if (a.kind === 'sla') {
    need('targets.response', a.targets.some((t) => t.name === 'response'))
    need('targets.resolution', a.targets.some((t) => t.name === 'resolution'))
    for (const c of clauseNames) if (c !== 'assessment') need(`clauses.${c}`, a.clauses?.[c]?.trim())
  }
  if (a.kind === 'uc') need('supplier', a.supplier?.trim())
  return out
}

/** Fault levels, as any type of record knows them. */
export function useLevels(): Option[] {
  const { data: meta } = useSuspenseQuery(metaQuery)
  const found = new Map(meta.types.flatMap((t) => t.fields.find((f) => f.name === 'level')?.options ?? []).map((o) => [o.value, o]))
  return [...found.values()]
}

/** The fault levels that a line may be for: not those that another line of the same target has. */
export const levelsLeft = (d: Draft, l: Line, levels: Option[]) => levels.filter((o) => !d.lines.some((x) => x !== l && x.name === l.name && x.level === o.value))

/** Names of entries by their ids. */
export function useNames(path: string, ids: (string | undefined)[]): Record<string, string> {
  const wanted = [...new Set(ids.filter((x): x is string => !!x))]
  const found = useQueries({ queries: wanted.map((id) => ({ queryKey: [`entries:${path}`, 'one', id], queryFn: () => api.get<{ id: string; name: string }>(`${path}/${id}`), staleTime: 600_000, retry: false })) })
  return Object.fromEntries(found.flatMap((q) => (q.data ? [[q.data.id, q.data.name]] : [])))
}

/** How many were kept of those that can be judged: ended in time, of ended and late. */
export function keptOf(t: Tally): { kept: number; of: number } {
  if (t.breached === 0) return { kept: t.ended, of: t.ended }
  const kept = t.kept_percent >= 100 ? 0 : Math.round((t.kept_percent * t.breached) / (100 - t.kept_percent))
  return { kept, of: kept + t.breached }
}
/** Few cases are told one by one, not as a share. */
export const fewCases = 20

/** A table as CSV: read as UTF-8 by spreadsheets, and no text in it as a formula. */
export function csvOf(rows: (string | number)[][]): string {
  const cell = (c: string | number) => {
    const text = typeof c === 'string' && /^[=+\-@]/.test(c) ? `'${c}` : String(c)
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
  }
  return `\ufeff${rows.map((r) => r.map(cell).join(',')).join('\r\n')}\r\n`
}
