// The first start, on an empty server of its own: the page makes the administrator, once.
import { expect, test, type Page } from '@playwright/test'
import { Own, secret } from './support/own'

let own: Own

test.beforeAll(async () => {
  own = await Own.start({ testClock: false })
})

test.afterAll(() => own.stop())

/** The field, not the eye beside it. */
const passwordOf = (page: Page) => page.getByLabel(/^密码/)

test('第一次打开就建立管理员，之后只能登录', async ({ page }) => {
  await page.goto(`${own.url}/t/incidents`)
  await expect(page.getByRole('heading', { level: 1, name: '建立管理员' })).toBeVisible()
  await expect(page).toHaveURL(`${own.url}/setup`)
  const submit = page.getByRole('button', { name: '建立管理员并进入' })
  const field = (name: string) => page.getByRole('textbox', { name, exact: true })

  await submit.click()
  for (const name of ['服务单位名称', '姓名', '账号', '密码']) await expect(page.getByRole('alert').filter({ hasText: `还没有填${name}` })).toBeVisible()

  await field('服务单位名称').fill('青松运维')
  await field('姓名').fill('赵敏')
  await field('账号').fill('zhaomin')
  await passwordOf(page).fill('太短')
  await page.getByLabel('再输一次密码').fill('不一样')
  await submit.click()
  await expect(page.getByText('两次输入的密码不同，请重输第二个。')).toBeVisible()
  await page.getByLabel('再输一次密码').fill('太短')
  await submit.click()
  await expect(page.getByRole('alert').filter({ hasText: /密码|字符|至少/ }).first()).toBeVisible()
  await expect(field('服务单位名称')).toHaveValue('青松运维')

  await passwordOf(page).fill(secret)
  await page.getByLabel('再输一次密码').fill(secret)
  await submit.click()
  await expect(page.getByRole('heading', { level: 1, name: '没有等你的事' })).toBeVisible()
  await expect(page.getByRole('button', { name: /赵敏/ })).toBeVisible()

  // The door is closed behind the first one.
  await page.goto(`${own.url}/setup`)
  await expect(page.getByRole('heading', { level: 1, name: '没有等你的事' })).toBeVisible()
  await page.getByRole('button', { name: /赵敏/ }).click()
  await page.getByRole('menuitem', { name: '退出登录' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '登录运维管家' })).toBeVisible()
  await page.goto(`${own.url}/setup`)
  await expect(page).toHaveURL(/\/sign-in/)

  await page.getByRole('textbox', { name: '账号' }).fill('zhaomin')
  await passwordOf(page).fill('不是这个')
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await passwordOf(page).fill(secret)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: '没有等你的事' })).toBeVisible()
})
