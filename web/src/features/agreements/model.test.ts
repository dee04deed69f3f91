import { expect, test } from 'vitest'
import type { Agreement, Tally } from '@/api/sla'
import { agreementOf, badCells, draftOf, keptOf, lacking, levelsLeft } from './model'

const agreement: Agreement = {
  code: 'SLA-1', label: { zh: '协议', en: 'Agreement' }, kind: 'sla', calendar: 'office', pauses_on: ['customer'],
  targets: [{ name: 'response', priority: 'P1', seconds: 900 }, { name: 'response', seconds: 3600 }, { name: 'resolution', seconds: 14_400, pausable: true }],
  steps: [{ target: '*', percent: 80, kind: 'warning', to: ['handler'] }, { target: 'resolution', before_seconds: 1800, kind: 'alarm', to: ['desk'], wake: true }],
}

test('a draft says what the agreement said', () => {
  expect(agreementOf(draftOf(agreement))).toEqual(agreement)
})

test('a fault level has a line of its own, and only one', () => {
  const levelled: Agreement = { ...agreement, targets: [...agreement.targets, { name: 'resolution', level: '1', seconds: 86_400, pausable: true }] }
  const d = draftOf(levelled)
  expect(agreementOf(d)).toEqual(levelled)
  expect(d.lines.map((l) => [l.name, l.level])).toEqual([['response', ''], ['resolution', ''], ['resolution', '1']])
  const levels = ['1', '2', '3'].map((value) => ({ value, label: value }))
  expect(levelsLeft(d, d.lines[1]!, levels).map((o) => o.value)).toEqual(['2', '3'])
  expect(levelsLeft(d, d.lines[2]!, levels).map((o) => o.value)).toEqual(['1', '2', '3'])
})

test('a cell that cannot be read is named', () => {
  const d = draftOf(agreement)
  d.lines[0]!.cells.P2 = '两小时'
  expect(badCells(d)).toEqual(['0/P2'])
})

test('what is missing to put it in force', () => {
  expect(lacking(agreement)).toEqual(['valid_from', 'clauses.scope', 'clauses.quality', 'clauses.indicators', 'clauses.compensation', 'clauses.disputes', 'clauses.leftovers', 'clauses.complaints'])
  expect(lacking({ ...agreement, kind: 'uc', valid_from: '2026-01-01' })).toEqual(['supplier'])
})

test('kept of those that can be judged', () => {
  const tally = (ended: number, breached: number, kept_percent: number) => keptOf({ ended, breached, kept_percent } as Tally)
  expect(tally(12, 0, 100)).toEqual({ kept: 12, of: 12 })
  expect(tally(12, 3, 80)).toEqual({ kept: 12, of: 15 })
  expect(tally(2, 2, 0)).toEqual({ kept: 0, of: 2 })
})
