import { expect, test } from 'vitest'
import type { SavedView, TypeMeta } from '@/api/types'
import { zhCN } from '@/locales/zh-CN'
import { readUrl, viewsOf, writeUrl } from './views'

const type = { type: 'incident', plural: 'incidents', label: '事件', create: null, workflows: [], fields: [], columns: [] } as TypeMeta
const saved: SavedView[] = [{ id: 'v1', type: 'incident', name: '紧急', query: 'open=true&priority=P1,P2&sort=-created_at' }]
const views = viewsOf(type, saved, zhCN)

test('a bare address is the first view', () => {
  const s = readUrl({}, views)
  expect(s.view.id).toBe('open')
  expect(s.filters).toEqual({ open: 'true' })
})

test('a view by its id brings its filters and order', () => {
  const s = readUrl({ view: 'v1' }, views)
  expect(s.filters).toEqual({ open: 'true', priority: 'P1,P2' })
  expect(s.sort).toBe('-created_at')
})

test('filters of the address win over those of the view', () => {
  expect(readUrl({ view: 'v1', priority: 'P1' }, views).filters).toEqual({ priority: 'P1' })
})

test('filters without a view are not taken for the first view', () => {
  expect(readUrl({ customer: 'x' }, views).view.id).toBe('all')
})

test('what is written is read back', () => {
  const searches: Record<string, string>[] = [{}, { view: 'v1' }, { view: 'mine', open: 'true', assignee: 'me', sort: 'number' }, { view: 'all' }]
  for (const search of searches) {
    const s = readUrl(search, views)
    expect(readUrl(writeUrl(s), views)).toEqual(s)
  }
})

test('a view whose last filter is taken away becomes the view of all', () => {
  const s = readUrl({ view: 'mine' }, views)
  expect(readUrl(writeUrl({ ...s, filters: {} }), views).filters).toEqual({})
})
