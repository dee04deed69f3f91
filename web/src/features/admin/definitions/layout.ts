// Places the states of a workflow in columns from start to end, so that most steps lead to the right.

export interface StateNode {
  code: string
  label: string
  kind: string
  initial?: boolean
}
export interface Step {
  code: string
  label: string
  from: string
  to: string
  by: string[]
}
export interface Placed {
  code: string
  x: number
  y: number
}
export interface Edge {
  from: string
  to: string
  labels: string[]
  path: string
  /** Where its words stand. */
  at: { x: number; y: number }
}

export const nodeWidth = 164
export const nodeHeight = 38
const columnGap = 80
const rowGap = 26
const margin = 72

/**
 * Columns by the longest way from the start. Definitions list their states in the order work goes, so a step to an
 * earlier state leads back and does not count. Ends stand in the last column.
 */
function columnsOf(states: StateNode[], steps: Step[]): Map<string, number> {
  const order = new Map(states.map((s, i) => [s.code, s.initial ? -1 : i]))
  const ends = new Set(states.filter((s) => (s.kind === 'done' || s.kind === 'cancelled') && !s.initial).map((s) => s.code))
  const column = new Map<string, number>(states.map((s) => [s.code, 0]))
  const forward = steps.filter((t) => (order.get(t.to) ?? -1) > (order.get(t.from) ?? 0) && !ends.has(t.from))
  for (let round = 0; round < states.length; round++) {
    let moved = false
    for (const t of forward) {
      const want = (column.get(t.from) ?? 0) + 1
      if ((column.get(t.to) ?? 0) < want) {
        column.set(t.to, want)
        moved = true
      }
    }
    if (!moved) break
  }
  const last = Math.max(...[...column].filter(([code]) => !ends.has(code)).map(([, c]) => c), -1) + 1
  for (const code of ends) column.set(code, last)
  return column
}

export function layout(states: StateNode[], steps: Step[]): { nodes: Placed[]; edges: Edge[]; width: number; height: number } {
  const column = columnsOf(states, steps)
  const columns: string[][] = []
  for (const s of states) (columns[column.get(s.code) ?? 0] ??= []).push(s.code)
  const neighbours = (code: string, side: -1 | 1) =>
    steps.flatMap((t) => {
      const other = t.from === code ? t.to : t.to === code ? t.from : null
      return other && Math.sign((column.get(other) ?? 0) - (column.get(code) ?? 0)) === side ? [other] : []
    })
  // Few crossings: each column is ordered by where its neighbours stand, forth and back.
  for (let sweep = 0; sweep < 6; sweep++) {
    const side = sweep % 2 === 0 ? -1 : 1
    const place = new Map(columns.flatMap((c) => c.map((code, i) => [code, i - c.length / 2] as const)))
    for (const c of columns) {
      const weight = new Map(c.map((code, i) => {
        const around = neighbours(code, side)
        return [code, around.length ? around.reduce((sum, n) => sum + (place.get(n) ?? 0), 0) / around.length : i - c.length / 2]
      }))
      c.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0))
    }
  }
  const most = Math.max(...columns.map((c) => c.length), 1)
  const rows = most * (nodeHeight + rowGap)
  const nodes: Placed[] = columns.flatMap((c, x) =>
    c.map((code, i) => ({ code, x: margin + x * (nodeWidth + columnGap), y: margin + (rows - c.length * (nodeHeight + rowGap)) / 2 + i * (nodeHeight + rowGap) })),
  )
  const at = new Map(nodes.map((n) => [n.code, n]))
  const pairs = new Map<string, Step[]>()
  for (const t of steps) pairs.set(`${t.from}>${t.to}`, [...(pairs.get(`${t.from}>${t.to}`) ?? []), t])
  let depth = 0
  let high = 0
  const edges: Edge[] = [...pairs.values()].flatMap((list) => {
    const t = list[0]
    const a = t && at.get(t.from), b = t && at.get(t.to)
    if (!t || !a || !b) return []
    const labels = [...new Set(list.map((x) => x.label))]
    if (a === b) {
      const x = a.x + nodeWidth - 26
      return [{ from: t.from, to: t.to, labels, path: `M${x} ${a.y} C${x - 4} ${a.y - 26} ${x + 26} ${a.y - 26} ${x + 16} ${a.y}`, at: { x: x + 6, y: a.y - 22 } }]
    }
    if (b.x > a.x) {
      const x1 = a.x + nodeWidth, y1 = a.y + nodeHeight / 2, x2 = b.x, y2 = b.y + nodeHeight / 2
      const span = Math.round((b.x - a.x) / (nodeWidth + columnGap))
      const bend = Math.min(60, (x2 - x1) / 2)
      if (span === 1) return [{ from: t.from, to: t.to, labels, path: `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, at: { x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 4 } }]
      // A step over several columns passes above what stands between.
      const top = Math.min(y1, y2, ...nodes.filter((n) => n.x > a.x && n.x < b.x).map((n) => n.y)) - 14 - (high++ % 5) * 8
      return [{ from: t.from, to: t.to, labels, path: `M${x1} ${y1} C${x1 + 70} ${y1} ${x1 + 30} ${top} ${x1 + 100} ${top} L${x2 - 100} ${top} C${x2 - 30} ${top} ${x2 - 70} ${y2} ${x2} ${y2}`, at: { x: (x1 + x2) / 2, y: top - 4 } }]
    }
    const x1 = a.x + nodeWidth / 2, y1 = a.y + nodeHeight, x2 = b.x + nodeWidth / 2 + (b.x === a.x ? 24 : 0)
    const y2 = b.y + nodeHeight
    const low = Math.max(y1, y2, ...nodes.filter((n) => n.x > b.x && n.x < a.x).map((n) => n.y + nodeHeight)) + 24 + (depth++ % 6) * 9
    return [{ from: t.from, to: t.to, labels, path: `M${x1} ${y1} C${x1} ${low} ${x2} ${low} ${x2} ${y2}`, at: { x: (x1 + x2) / 2, y: low - 8 } }]
  })
  return { nodes, edges, width: margin * 2 + columns.length * (nodeWidth + columnGap) - columnGap, height: margin * 2 + rows + 60 }
}
