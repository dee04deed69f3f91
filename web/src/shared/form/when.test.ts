import { expect, test } from 'vitest'
import { holds } from './when'

const scope = { rec: { channel: 'phone', site: '', level: '1', major: true, count: 3, tags: [] }, me: { side: 'provider' } }

test.each([
  ["rec.channel == 'phone'", true],
  ["rec.channel != 'phone'", false],
  ["me.side == 'provider' && rec.channel == 'phone'", true],
  ["me.side == 'customer' || filled(rec.site)", false],
  ["!filled(rec.site)", true],
  ["!(rec.channel == 'phone' && rec.major)", false],
  ["rec.level in ['1', '2']", true],
  ['rec.count >= 3', true],
  ["rec.unknown == ''", true],
  ['filled(rec.tags)', false],
  ['rec.steps.exists(s, s.ok)', false],
  ["rec.channel == 'it\\'s'", false],
  ['', false],
  ['rec.channel ==', false],
])('%s', (condition, want) => {
  expect(holds(condition, scope)).toBe(want)
})
