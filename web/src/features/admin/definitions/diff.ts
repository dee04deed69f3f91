export interface DiffLine {
  kind: 'same' | 'plus' | 'minus' | 'skip'
  text: string
}

/** Which lines went and which came: the shortest way from one text to the other. */
export function diffLines(before: string, after: string, around = 2): DiffLine[] {
  const a = before.split('\n'), b = after.split('\n')
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let endA = a.length, endB = b.length
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--
    endB--
  }
  const middle = shortest(a.slice(start, endA), b.slice(start, endB))
  const all: DiffLine[] = [...a.slice(0, start).map((text) => ({ kind: 'same' as const, text })), ...middle, ...a.slice(endA).map((text) => ({ kind: 'same' as const, text }))]
  if (!all.some((l) => l.kind !== 'same')) return []
  const near = all.map((_, i) => all.slice(Math.max(0, i - around), i + around + 1).some((l) => l.kind !== 'same'))
  const out: DiffLine[] = []
  all.forEach((l, i) => {
    if (near[i]) out.push(l)
    else if (out.at(-1)?.kind !== 'skip') out.push({ kind: 'skip', text: '⋯' })
  })
  return out
}

/** Myers' greedy algorithm; beyond a limit the whole block is replaced. */
function shortest(a: string[], b: string[]): DiffLine[] {
  const n = a.length, m = b.length, limit = Math.min(n + m, 1200)
  const trace: Map<number, number>[] = []
  const v = new Map<number, number>([[1, 0]])
  for (let d = 0; d <= limit; d++) {
    trace.push(new Map(v))
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && (v.get(k - 1) ?? 0) < (v.get(k + 1) ?? 0)) ? (v.get(k + 1) ?? 0) : (v.get(k - 1) ?? 0) + 1
      let y = x - k
      while (x < n && y < m && a[x] === b[y]) {
        x++
        y++
      }
      v.set(k, x)
      if (x >= n && y >= m) return walk(trace, a, b)
    }
  }
  return [...a.map((text) => ({ kind: 'minus' as const, text })), ...b.map((text) => ({ kind: 'plus' as const, text }))]
}

function walk(trace: Map<number, number>[], a: string[], b: string[]): DiffLine[] {
  const out: DiffLine[] = []
  let x = a.length, y = b.length
  for (let d = trace.length - 1; d >= 0; d--) {
    const v = trace[d] ?? new Map<number, number>()
    const k = x - y
    const before = k === -d || (k !== d && (v.get(k - 1) ?? 0) < (v.get(k + 1) ?? 0)) ? k + 1 : k - 1
    const px = v.get(before) ?? 0, py = px - before
    while (x > px && y > py) out.push({ kind: 'same', text: a[(--y, --x)] ?? '' })
    if (d > 0) {
      if (x === px) out.push({ kind: 'plus', text: b[--y] ?? '' })
      else out.push({ kind: 'minus', text: a[--x] ?? '' })
    }
  }
  return out.reverse()
}
