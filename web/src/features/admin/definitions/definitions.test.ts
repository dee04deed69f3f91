import { describe, expect, it } from 'vitest'
import { diffLines } from './diff'
import { layout } from './layout'

describe('diffLines', () => {
  it('says nothing of equal texts', () => expect(diffLines('a\nb', 'a\nb')).toEqual([]))
  it('finds what came and went', () => {
    expect(diffLines('a\nb\nc\nd\ne\nf', 'a\nb\nX\nd\ne\nf\ng', 1)).toEqual([
      { kind: 'skip', text: '⋯' }, { kind: 'same', text: 'b' }, { kind: 'minus', text: 'c' }, { kind: 'plus', text: 'X' }, { kind: 'same', text: 'd' },
      { kind: 'skip', text: '⋯' }, { kind: 'same', text: 'f' }, { kind: 'plus', text: 'g' },
    ])
  })
  it('rebuilds both texts from its lines', () => {
    const a = Array.from({ length: 60 }, (_, i) => `line ${(i * 7) % 13}`), b = a.flatMap((l, i) => (i % 5 === 0 ? [] : i % 7 === 0 ? [l, 'new'] : [l]))
    const all = diffLines(a.join('\n'), b.join('\n'), 1000)
    expect(all.filter((l) => l.kind !== 'plus').map((l) => l.text)).toEqual(a)
    expect(all.filter((l) => l.kind !== 'minus').map((l) => l.text)).toEqual(b)
  })
})

describe('layout', () => {
  const state = (code: string, initial = false) => ({ code, label: code, kind: 'active', initial })
  const step = (from: string, to: string) => ({ code: `${from}${to}`, label: `${from}→${to}`, from, to, by: [] })
  it('goes from start to end and leaves loops out', () => {
    const { nodes, edges } = layout([state('a', true), state('b'), state('c'), state('d')], [step('a', 'b'), step('b', 'c'), step('c', 'b'), step('c', 'd'), step('b', 'b'), step('a', 'd')])
    const x = Object.fromEntries(nodes.map((n) => [n.code, n.x]))
    expect(x.a).toBeLessThan(x.b ?? 0)
    expect(x.b).toBeLessThan(x.c ?? 0)
    expect(x.c).toBeLessThan(x.d ?? 0)
    expect(edges).toHaveLength(6)
  })
  it('puts the ends last', () => {
    const { nodes } = layout([state('a', true), { ...state('gone'), kind: 'cancelled' }, state('b'), state('c'), { ...state('done'), kind: 'done' }], [step('a', 'gone'), step('a', 'b'), step('b', 'c'), step('c', 'done'), step('done', 'b')])
    const x = Object.fromEntries(nodes.map((n) => [n.code, n.x]))
    expect(x.gone).toBe(x.done)
    expect(x.gone).toBeGreaterThan(x.c ?? 0)
  })
  it('never puts two states on one place', () => {
    const { nodes } = layout([state('a', true), state('b'), state('c')], [step('a', 'b'), step('a', 'c')])
    expect(new Set(nodes.map((n) => `${n.x},${n.y}`)).size).toBe(3)
  })
})
