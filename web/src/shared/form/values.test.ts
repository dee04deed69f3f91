import { expect, test } from 'vitest'
import type { FieldMeta } from '@/api/types'
import { changed, filled, missing, required } from './values'

const f = (type: FieldMeta['type'], more: Partial<FieldMeta> = {}): FieldMeta => ({ name: type, type, label: type, ...more })

test('what counts as filled', () => {
  expect(filled(f('text'), '')).toBe(false)
  expect(filled(f('bool'), false)).toBe(true)
  expect(filled(f('number'), 0)).toBe(true)
  expect(filled(f('files'), [])).toBe(false)
  expect(filled(f('consent'), { given: false })).toBe(false)
  expect(filled(f('consent'), { given: true })).toBe(true)
  const list = f('checklist', { items: [{ code: 'a', label: 'a' }, { code: 'b', label: 'b' }] })
  expect(filled(list, { a: { done: true } })).toBe(false)
  expect(filled(list, { a: { done: true }, b: { done: false, na: true } })).toBe(true)
})

test('only what differs is sent, a cleared field as null', () => {
  expect(changed({ a: '1', b: '', c: ['x'], d: undefined }, { a: '1', b: 'old', c: ['x'], d: null })).toEqual({ b: null })
})

test('conditions make fields compulsory', () => {
  const spec = { fields: ['title', 'site'], require: ['title'], require_when: [{ when: "me.side == 'provider' && rec.channel == 'phone'", fields: ['site'] }] }
  expect(required(spec, { channel: 'phone' }, { side: 'provider' })).toEqual(['title', 'site'])
  expect(required(spec, { channel: 'mail' }, { side: 'provider' })).toEqual(['title'])
  expect(missing([{ ...f('text'), name: 'title' }], ['title'], {})).toHaveLength(1)
})
