// On a phone, 390 px wide and touched: what a customer and an engineer on the way need works with the thumb.
import { devices } from '@playwright/test'
import { fault, people, unique } from './support/house'
import { expect, settled, test } from './support/test'

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2, userAgent: devices['Pixel 7'].userAgent }
const shot = (name: string) => ({ path: `test-results/phone/${name}.png`, animations: 'disabled' as const })

test('客户在手机上报告故障', async ({ as }) => {
  const title = `打印机不出纸 ${unique()}`
  const page = await as('liumin', phone)
  await page.goto('/portal')
  await expect(page.getByRole('heading', { level: 1, name: /刘敏.*需要什么帮助/ })).toBeVisible()
  await settled(page)

  const tabs = page.getByRole('navigation', { name: '门户导航' }).filter({ visible: true })
  await expect(tabs.getByRole('link')).toHaveText(['首页', '我的申报', '我的'])
  const box = await tabs.boundingBox()
  expect(box && Math.round(box.y + box.height), 'the bar stands at the thumb').toBe(844)
  for (const link of await tabs.getByRole('link').all()) expect((await link.boundingBox())?.height).toBeGreaterThanOrEqual(44)
  await page.screenshot(shot('portal'))

  await page.getByRole('link', { name: /报告故障/ }).first().tap()
  await expect(page.getByRole('heading', { level: 1, name: '报告故障' })).toBeVisible()
  await page.getByRole('textbox', { name: '哪里出了问题' }).fill(title)
  await page.getByRole('textbox', { name: '具体情况' }).fill('纸盒里有纸，按打印没有反应。')
  await page.getByRole('radio', { name: '今天解决就行' }).tap()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: '拍照或选照片' }).tap()
  await (await chooser).setFiles({ name: '打印机.png', mimeType: 'image/png', buffer: await page.screenshot() })
  await expect(page.getByRole('img', { name: '打印机.png' })).toBeVisible()
  await expect(page.getByRole('progressbar')).toHaveCount(0)
  await page.screenshot(shot('portal-report'))
  const send = page.getByRole('button', { name: '提交申报' })
  expect((await send.boundingBox())?.height).toBeGreaterThanOrEqual(44)
  await send.tap()

  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  await expect(page).toHaveURL(/\/portal\/r\/INC-/)
  await page.getByRole('textbox', { name: '留言' }).fill('放的是 A4 纸。')
  await page.getByRole('button', { name: '发送' }).tap()
  await expect(page.getByRole('listitem').filter({ hasText: '放的是 A4 纸。' })).toBeVisible()
  await page.screenshot(shot('portal-detail'))

  await tabs.getByRole('link', { name: '我的申报' }).tap()
  await expect(page.getByRole('link', { name: title })).toBeVisible()
})

test('工程师在手机上接单、回复、看资料', async ({ as, house }) => {
  const title = `门诊楼网络时断时续 ${unique()}`
  const made = await fault(house, title, 'dispatched')
  const page = await as('huangyong', phone)
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1, name: /件事等你/ })).toBeVisible()

  const tabs = page.getByRole('navigation', { name: '导航' }).filter({ visible: true })
  await expect(tabs.getByRole('link', { name: /工作台/ })).toBeVisible()
  await expect(tabs.getByRole('link', { name: /事件/ })).toBeVisible()
  await expect(tabs.getByRole('link', { name: /通知/ })).toBeVisible()
  const box = await tabs.boundingBox()
  expect(box && Math.round(box.y + box.height)).toBe(844)
  await page.screenshot(shot('my-work'))

  await page.getByRole('link', { name: title }).tap()
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  await expect(page.getByText(made.number).first()).toBeVisible()
  await page.screenshot(shot('record'))

  // The first step stands in the bar at the foot.
  const accept = page.getByRole('button', { name: '接单' }).last()
  const foot = await accept.boundingBox()
  expect(foot && foot.y + foot.height / 2, 'the main action is at the thumb').toBeGreaterThan(740)
  expect(foot?.height).toBeGreaterThanOrEqual(44)
  await accept.tap()
  const drawer = page.getByRole('dialog', { name: '接单' })
  await drawer.getByRole('textbox', { name: '首次联系用户' }).fill('已在路上')
  await page.screenshot(shot('record-accept'))
  await drawer.getByRole('button', { name: '接单' }).tap()
  await expect(drawer).toBeHidden()
  await expect(page.getByText('一线处理', { exact: true }).first()).toBeVisible()

  await page.getByRole('button', { name: '回复', exact: true }).tap()
  const composer = page.getByRole('region', { name: '写回复或备注' })
  await composer.getByRole('textbox').fill('20 分钟到门诊楼。')
  await composer.getByRole('button', { name: '发送' }).tap()
  await expect(page.getByRole('article').filter({ hasText: '20 分钟到门诊楼。' })).toContainText('客户可见')

  await page.getByRole('tab', { name: '资料' }).tap()
  await expect(page.getByRole('heading', { name: '客户与站点' }).filter({ visible: true })).toBeVisible()
  await expect(page.getByText(people.liumin).filter({ visible: true }).first()).toBeVisible()
  await page.screenshot(shot('record-details'))
})
