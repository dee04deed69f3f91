// Why this time: a deadline across a weekend, the National Day of 2025, two make-up days and two pauses, read by the
// engineer whose fault it is. A server of its own, because the clock stands in 2025.
import { expect, test } from '@playwright/test'
import { Own, secret } from './support/own'

let own: Own

test.beforeAll(async () => {
  own = await Own.start()
})

test.afterAll(() => own.stop())

const instant = (t: string) => `2025-${t}:00+08:00`
const clock = (t: string) => own.clock(instant(t))
const as = async (login: string) => (await own.meet(login)).person

/** A provider with desk and first line, a customer, office hours with China's days, and an agreement in force. */
async function furnish() {
  await own.setUp('zhaomin', '赵敏')
  const admin = await as('zhaomin')
  const add = async (path: string, body: object) => (await admin.post<{ id: string }>(path, body)).id
  const provider = (await admin.get<{ items: { id: string }[] }>('/organisations?kind=provider')).items[0]?.id
  const customer = await add('/organisations', { kind: 'customer', name: '城南小学' })
  for (const [login, name, organisation, role] of [['desk', '孙梅', provider, 'desk'], ['engineer', '周亮', provider, 'l1'], ['teacher', '林老师', customer, 'customer_user']] as const) {
    const person = await add('/people', { organisation, name })
    await admin.post('/accounts', { person, login, password: secret, must_change: false })
    await admin.post('/grants', { person, role })
  }
  const engineer = await admin.find('staff', '周亮')
  await add('/teams', { organisation: provider, name: '现场组', code: 'field', tier: 'L1', lead: engineer, members: [engineer] })
  const hours = [['09:00', '12:00'], ['13:30', '18:00']]
  await admin.send('PUT', '/calendars/office', { label: { zh: '工作日', en: 'Working days' }, country: 'CN', spec: { timezone: 'Asia/Shanghai', weekly: { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours } } })
  const clause = '按合同附件二。'
  const agreement = await add('/agreements', {
    code: 'SLA-CNXX', label: { zh: '城南小学运维协议', en: 'Chengnan School' }, kind: 'sla', customer, calendar: 'office', valid_from: '2025-01-01', pauses_on: ['customer'],
    targets: [{ name: 'response', seconds: 3600 }, { name: 'resolution', seconds: 30 * 3600, pausable: true }],
    clauses: Object.fromEntries(['scope', 'quality', 'indicators', 'compensation', 'disputes', 'leftovers', 'complaints'].map((c) => [c, clause])),
  })
  await admin.post(`/agreements/${agreement}/activate`)
}

test('跨周末、国庆、调休和两次暂停的期限，工程师一看就懂', async ({ browser }) => {
  await clock('09-26T16:30')
  await furnish()
  const desk = await as('desk')
  let r = await desk.post('/incidents', {
    title: '教务系统登不上', description: '所有老师都登不上。', channel: 'portal', customer: await desk.find('customer', '城南小学'), requester: await desk.find('contact', '林老师'),
    impact: 'medium', urgency: 'medium',
  })
  const step = async (login: string, transition: string, body: object = {}) => {
    r = await (await as(login)).post(`/incidents/${r.number}/${transition}`, body)
  }
  await step('desk', 'dispatch', { team: await desk.find('team', '现场组'), assignee: await desk.find('staff', '周亮') })
  await step('engineer', 'accept')
  await clock('09-28T10:00') // a Sunday that is worked
  await step('engineer', 'ask_customer', { waiting_reason: '请提供管理员账号。' })
  await clock('09-29T11:00')
  await step('teacher', 'customer_answered', { comment: '已发短信。' })
  await clock('09-30T15:00')
  await step('engineer', 'ask_customer', { waiting_reason: '请确认能否停机。' })
  await clock('09-30T17:00')
  await step('teacher', 'customer_answered', { comment: '可以停机。' })
  await clock('10-09T15:00')

  const page = await own.window(browser, 'engineer', instant('10-09T15:00'))
  await page.goto(`/r/${r.number}`)
  const promises = page.getByRole('complementary', { name: '资料' })
  const solve = promises.getByRole('button', { name: /^解决 剩 12 小时/ })
  await expect(solve).toContainText('已用 18 小时 / 30 小时')
  await expect(promises.getByText('响应')).toBeVisible()
  await solve.click()

  const why = page.getByRole('dialog', { name: '为什么解决期限是周六 10:30' })
  await expect(why).toContainText('按《城南小学运维协议》，优先级中：解决 30 小时，服务时间 周一至周五 09:00–12:00、13:30–18:00；已用 18 小时，暂停 10 小时 30 分，预计 周六 10:30 到期。')
  const table = why.getByRole('table', { name: '逐日台账' })
  const row = (text: string | RegExp) => table.getByRole('row').filter({ hasText: text })
  await expect(row('9 月 26 日')).toContainText('1:30')
  await expect(row('9 月 27 日')).toContainText('休息，不计')
  await expect(row(/^9 月 28 日周日班/)).toContainText('调休上班（国庆节、中秋节）')
  await expect(row('10 月 1–8 日')).toContainText('国庆节、中秋节，不计')
  await expect(row('暂停 1')).toContainText('9 月 28 日 10:00 – 9 月 29 日 11:00 等客户')
  await expect(table.getByRole('row', { name: /^暂停 2 15:00–17:00 等客户/ })).toBeVisible()
  await expect(row('10 月 10 日')).toContainText('+7:30')
  await expect(row(/^10 月 11 日周六班/)).toContainText('+1:30')
  await expect(table.getByRole('row', { name: /^协议时限/ })).toContainText('30:00')
  await expect(table.getByRole('row', { name: /^暂停 2 次/ })).toContainText('10:30')
  await page.screenshot({ path: 'test-results/screens/why-national-day.png', animations: 'disabled' })
  await expect(why.getByRole('region', { name: '谁用掉了时间' })).toContainText('客户')
  await expect(why.getByRole('region', { name: '什么改变了计时' })).toContainText('开始等客户，暂停计时')

  // The same account part by part, and how it stood on another day.
  await why.getByRole('tab', { name: '逐段' }).click()
  await expect(table.getByRole('row').filter({ hasText: '调休上班（国庆节、中秋节）' }).first()).toBeVisible()
  await why.getByRole('tab', { name: '按天' }).click()
  await why.getByLabel('看另一时刻').fill('2025-09-29 09:30')
  await why.getByLabel('看另一时刻').press('Enter')
  const paused = page.getByRole('dialog', { name: '为什么解决现在没有期限' })
  await expect(paused).toContainText('还剩 27 小时 30 分')
  await paused.getByRole('button', { name: '回到现在' }).click()
  await expect(why).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(why).toBeHidden()
  await expect(solve).toBeFocused()
  await page.context().close()
})
