// Duty over National Day: a manager builds a month for eight people, the check finds what was planted, two people swap,
// and a handover stays open until the next person has signed.
import { expect, test, type Page } from '@playwright/test'
import { Own, secret } from './support/own'
import type { Made } from './support/house'

const eight = ['周亮', '吴敏', '郑爽', '王磊', '冯刚', '陈静', '褚明', '钱江']
const unreachable = '钱江'
const loginOf = (name: string) => `e${eight.indexOf(name) + 1}`
const at = (t: string) => `2026-${t}:00+08:00`

let own: Own
test.beforeAll(async () => {
  own = await Own.start()
})
test.afterAll(() => own?.stop())

async function furnish() {
  await own.setUp('zhaomin', '赵敏')
  const { person: admin } = await own.meet('zhaomin')
  const add = async (path: string, body: object) => (await admin.post<{ id: string }>(path, body)).id
  const organisation = (await admin.get<{ items: { id: string }[] }>('/organisations?kind=provider')).items[0]?.id
  const hire = async (login: string, name: string, role: string, more: object = {}) => {
    const person = await add('/people', { organisation, name, ...more })
    await admin.post('/accounts', { person, login, password: secret, must_change: false })
    await admin.post('/grants', { person, role })
    return person
  }
  const superior = await hire('manager', '沈岩', 'maintenance_manager', { phone: '13900000009' })
  const members = []
  for (const [i, name] of eight.entries()) members.push(await hire(loginOf(name), name, 'l1', { superior, ...(name === unreachable ? {} : { phone: `1390000000${i}` }) }))
  await add('/teams', { organisation, name: '一线组', code: 'field', tier: 'L1', lead: members[0], members })
}

const cell = (page: Page, what: RegExp) => page.getByRole('gridcell', { name: what })
const state = (page: Page, word: string) => expect(page.getByRole('main').getByText(word, { exact: true }).first()).toBeVisible()

test('八个人的国庆值班表、发布检查、换班、交接班', async ({ browser }) => {
  test.setTimeout(300_000)
  await own.clock(at('09-10T10:00'))
  await furnish()

  const manager = await own.window(browser, 'manager', at('09-10T10:00'))
  const started = Date.now()
  await manager.goto('/duty/rosters')
  await manager.getByRole('link', { name: '排一张值班表' }).click()
  await manager.getByRole('combobox', { name: '值班组' }).click()
  await manager.locator('.ant-select-item-option').filter({ hasText: '一线组' }).click()
  await expect(manager.getByText('8 人按顺序轮流。')).toBeVisible()
  await expect(manager.getByText('31 天共 62 班，人均 7.8 班。')).toBeVisible()
  await expect(manager.getByText('国庆节 10 月 1 日 到 10 月 7 日：生成节日值班表。')).toBeVisible()
  await manager.getByRole('button', { name: /^排出值班表/ }).click()
  await expect(manager.getByRole('heading', { name: '一线组值班表' })).toBeVisible()
  await expect(cell(manager, /10 月 \d+ 日 .*白班 08:30–20:30/)).toHaveCount(31)
  await expect(cell(manager, /10 月 \d+ 日 .*夜班 20:30–08:30/)).toHaveCount(31)
  expect(Date.now() - started, 'a month in under three minutes').toBeLessThan(180_000)
  await expect(cell(manager, /10 月 3 日 .*白班 08:30–20:30，节日班/)).toHaveCount(1)
  await expect(manager.getByRole('columnheader', { name: /^10\s*班/ })).toBeVisible() // a make-up Saturday

  // What is wrong: somebody who cannot be reached, and a hole that is planted with a key.
  const check = manager.getByRole('complementary', { name: '发布检查' })
  await expect(check).toContainText(`${unreachable}没有电话也没有邮箱，叫不到人`)
  const planted = cell(manager, /10 月 14 日 .*白班/)
  await planted.focus()
  await manager.keyboard.press('Delete')
  await expect(check).toContainText('2026-10-14 08:30 到 2026-10-14 20:30 没有人值班')
  await expect(manager.getByText('发布：先处理 1 个阻断')).toBeVisible()
  await expect(manager.getByRole('button', { name: '14 日白班没有人' })).toBeVisible()
  await check.getByRole('listitem').filter({ hasText: '没有人值班' }).getByRole('button', { name: /^排/ }).click()
  await expect(cell(manager, /10 月 14 日 .*白班/)).toHaveCount(1)
  await expect(check).not.toContainText('没有人值班')

  await manager.getByRole('button', { name: '发布第 1 版' }).click()
  const publish = manager.getByRole('dialog')
  await publish.getByRole('button', { name: '发布第 1 版' }).click()
  await expect(publish.getByRole('alert')).toContainText('还有 1 类提醒没有勾选接受')
  await publish.getByRole('checkbox', { name: /联系不上/ }).check()
  await publish.getByRole('button', { name: '发布第 1 版' }).click()
  await expect(manager.getByText('第 1 版 · 已发布')).toBeVisible()

  // A drag gives a shift to somebody else that day, and can be taken back.
  const from = cell(manager, /10 月 20 日 .*白班/), name = (await from.getAttribute('aria-label'))?.split(' ')[0] ?? ''
  const to = cell(manager, /10 月 20 日 .*: 没有班/).first(), taker = (await to.getAttribute('aria-label'))?.split(' ')[0] ?? ''
  const chip = await from.locator('span').boundingBox(), target = await to.boundingBox()
  if (!chip || !target) throw new Error('nothing to drag')
  await manager.mouse.move(chip.x + chip.width / 2, chip.y + chip.height / 2)
  await manager.mouse.down()
  await manager.mouse.move(chip.x + 12, chip.y + 24, { steps: 3 })
  await manager.mouse.move(target.x + target.width / 2, target.y + target.height / 2, { steps: 6 })
  await manager.mouse.up()
  await expect(cell(manager, new RegExp(`^${taker} 10 月 20 日 .*白班 08:30–20:30，替${name}`))).toBeVisible()
  await manager.getByText(`已换给${taker}`).locator('..').getByRole('button', { name: '撤销' }).click()
  await expect(cell(manager, new RegExp(`^${name} 10 月 20 日 .*白班`))).toBeVisible()

  // A swap: asked, agreed, approved; the roster follows.
  await own.clock(at('09-28T10:00'))
  const [a, b] = [eight[0] ?? '', eight[1] ?? '']
  const asker = await own.window(browser, loginOf(a), at('09-28T10:00'))
  await asker.goto('/duty')
  await asker.getByRole('button', { name: '申请换班' }).click()
  const ask = asker.getByRole('dialog')
  const mine = ask.getByLabel('我的班')
  const first = (await mine.locator('option').first().innerText()).trim()
  await ask.getByLabel('换给谁').selectOption({ label: b })
  await ask.getByLabel('我替他值').selectOption({ index: 1 })
  await ask.getByLabel('原因').fill('孩子家长会')
  await ask.getByRole('button', { name: /^发给对方/ }).click()
  await state(asker, '待对方同意')
  const number = asker.url().split('/').at(-1) ?? ''

  const other = await own.window(browser, loginOf(b), at('09-28T10:00'))
  await other.goto('/duty')
  const waits = other.getByRole('complementary', { name: '我的值班' })
  await expect(waits).toContainText(number)
  await waits.getByRole('link', { name: '同意换班' }).click()
  await other.getByRole('button', { name: /^同意换班/ }).click()
  await state(other, '待批准')

  const boss = await own.window(browser, 'manager', at('09-28T10:00'))
  await boss.goto('/duty')
  await boss.getByRole('link', { name: '批准换班' }).click()
  await boss.getByRole('button', { name: /^批准换班/ }).click()
  await state(boss, '已换班')
  const day = /(\d+) 月 (\d+) 日/.exec(first)?.[0] ?? ''
  const kind = first.includes('夜班') ? '夜班' : '白班'
  await boss.goto('/duty/rosters')
  await boss.getByRole('button', { name: '一线组值班表' }).click()
  if (day) await expect(cell(boss, new RegExp(`^${b} ${day} .*${kind}.*替${a}`))).toBeVisible()
  else await expect(cell(boss, new RegExp(`^${b} 10 月 .*替${a}`)).first()).toBeVisible()

  // A handover: signed by who leaves, open until who comes has signed.
  const evening = at('10-06T20:00')
  await own.clock(evening)
  const { person: eye } = await own.meet('manager')
  const on = await eye.get<{ items: { people: { name: string }[] }[] }>(`/duty?at=${encodeURIComponent(evening)}`)
  const giver = on.items[0]?.people[0]?.name ?? ''
  const leaves = await own.window(browser, loginOf(giver), evening)
  await leaves.goto('/duty/handover')
  await leaves.getByLabel('系统运行情况').fill('各系统运行正常，备份已完成。')
  await leaves.getByRole('button', { name: '用我的账号签' }).click()
  await leaves.getByRole('button', { name: /^签名并交班/ }).click()
  await state(leaves, '待接班')
  const handover = leaves.url().split('/').at(-1) ?? ''
  const made = await eye.get<Made & { refs: Record<string, string> }>(`/handovers/${handover}`)
  const next = made.refs[String(made.fields.taker)] ?? ''
  expect(eight).toContain(next)
  expect(next).not.toBe(giver)

  const comes = await own.window(browser, loginOf(next), evening)
  await comes.goto('/duty')
  await comes.getByRole('link', { name: '逐项查看并签收' }).click()
  await expect(comes.getByText('各系统运行正常，备份已完成。')).toBeVisible()
  await comes.getByRole('button', { name: /^确认接班/ }).click()
  const sign = comes.getByRole('dialog')
  await sign.getByRole('button', { name: '用我的账号签' }).click()
  await sign.getByRole('button', { name: /^确认接班/ }).click()
  await state(comes, '已接班')
  await leaves.goto(`/r/${handover}`)
  await state(leaves, '已接班')
})
