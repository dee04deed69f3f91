// Two people at one record at the same time: the second sees what changed, and nothing typed is lost.
import type { Page } from '@playwright/test'
import { fault, unique } from './support/house'
import { expect, test } from './support/test'

const conflict = (page: Page) => page.getByRole('dialog', { name: '有人刚改过这条记录' })

async function edit(page: Page, field: string, text: string) {
  await page.getByRole('main').getByRole('button', { name: `修改${field}` }).first().click()
  await page.getByRole('main').getByRole('textbox').first().fill(text)
}
const save = (page: Page) => page.getByRole('button', { name: '保存修改' }).click()

test('同一个字段：后保存的人看到差别，写的还在，由他决定', async ({ as, house }) => {
  const mark = unique()
  const made = await fault(house, `挂号机死机 ${mark}`, 'L2')
  const [desk, engineer] = [await as('zhouting'), await as('chenli')]
  for (const page of [desk, engineer]) {
    await page.goto(`/r/${made.number}`)
    await expect(page.getByRole('heading', { level: 1, name: made.title })).toBeVisible()
  }
  await edit(engineer, '标题', `门诊挂号机死机，三号机 ${mark}`)
  await edit(desk, '标题', `门诊大厅挂号机死机 ${mark}`)
  await save(desk)
  await expect(desk.getByRole('heading', { level: 1, name: `门诊大厅挂号机死机 ${mark}` })).toBeVisible()

  await save(engineer)
  const dialog = conflict(engineer)
  await expect(dialog).toContainText('你写的内容还在')
  const row = dialog.getByRole('row').filter({ hasText: '标题' })
  await expect(row).toContainText('周婷')
  await expect(row.getByRole('cell')).toHaveText([made.title, `门诊大厅挂号机死机 ${mark}`, `门诊挂号机死机，三号机 ${mark}`])

  await dialog.getByRole('button', { name: '用我的再提交' }).click()
  await expect(dialog).toBeHidden()
  for (const page of [engineer, desk]) await expect(page.getByRole('heading', { level: 1, name: `门诊挂号机死机，三号机 ${mark}` })).toBeVisible()

  // Both changes stand in what happened.
  await engineer.getByRole('tab', { name: '全部', exact: true }).click()
  await expect(engineer.getByRole('list', { name: '动态' }).getByText('周婷').last()).toBeVisible()
})

test('放弃自己的修改，就看到别人的', async ({ as, house }) => {
  const mark = unique()
  const made = await fault(house, `叫号屏黑屏 ${mark}`, 'L2')
  const engineer = await as('chenli')
  await engineer.goto(`/r/${made.number}`)
  await edit(engineer, '标题', `叫号屏不亮 ${mark}`)
  await (await house.as('zhouting')).send('PATCH', `/incidents/${made.number}`, { title: `二楼叫号屏黑屏 ${mark}` })
  await save(engineer)
  await conflict(engineer).getByRole('button', { name: '放弃我的修改' }).click()
  await expect(engineer.getByRole('heading', { level: 1, name: `二楼叫号屏黑屏 ${mark}` })).toBeVisible()
})

test('不同的字段：两个人的都留下，不打扰谁', async ({ as, house }) => {
  const mark = unique()
  const made = await fault(house, `扫码枪掉线 ${mark}`, 'L2')
  const [desk, engineer] = [await as('zhouting'), await as('chenli')]
  for (const page of [desk, engineer]) await page.goto(`/r/${made.number}`)
  await edit(engineer, '标题', `输液大厅扫码枪掉线 ${mark}`)
  await edit(desk, '描述', `只有东侧两把枪掉线。${mark}`)
  await save(desk)
  await expect(desk.getByText(`只有东侧两把枪掉线。${mark}`, { exact: true })).toBeVisible()
  await save(engineer)
  for (const page of [engineer, desk]) {
    await expect(page.getByRole('heading', { level: 1, name: `输液大厅扫码枪掉线 ${mark}` })).toBeVisible()
    await expect(page.getByText(`只有东侧两把枪掉线。${mark}`, { exact: true })).toBeVisible()
  }
  await expect(conflict(engineer)).toHaveCount(0)
})

test('正在填写的步骤：别人改了记录，也要先看差别再提交', async ({ as, house }) => {
  const mark = unique()
  const made = await fault(house, `检验报告打不开 ${mark}`, 'L2')
  const engineer = await as('chenli')
  await engineer.goto(`/r/${made.number}`)
  await engineer.getByRole('region', { name: '下一步' }).getByRole('button', { name: '提交解决办法' }).click()
  const drawer = engineer.getByRole('dialog', { name: '提交解决办法' })
  await drawer.getByRole('textbox', { name: '解决办法' }).fill('重启报告服务')
  await drawer.getByRole('textbox', { name: '诊断结果' }).fill('报告服务内存不足')
  await (await house.as('zhouting')).send('PATCH', `/incidents/${made.number}`, { diagnosis: '服务台电话里排除了网络' })
  await drawer.getByRole('button', { name: '提交解决办法' }).click()

  const dialog = conflict(engineer)
  const row = dialog.getByRole('row').filter({ hasText: '诊断结果' })
  await expect(row).toContainText('服务台电话里排除了网络')
  await expect(row).toContainText('报告服务内存不足')
  await expect(dialog.getByRole('row').filter({ hasText: '解决办法' })).toContainText('重启报告服务')
  await dialog.getByRole('button', { name: '用我的再提交' }).click()
  await expect(engineer.getByText('待确认', { exact: true }).first()).toBeVisible()
})

test('写到一半的回复，重新载入也还在', async ({ as, house }) => {
  const made = await fault(house, `排队机无声 ${unique()}`, 'L2')
  const engineer = await as('chenli')
  await engineer.goto(`/r/${made.number}`)
  const composer = engineer.getByRole('region', { name: '写回复或备注' })
  await composer.getByRole('radio', { name: '内部备注' }).click()
  await composer.getByRole('textbox', { name: '内部备注' }).fill('先查喇叭线')
  await expect(composer.getByText('草稿已存在本机')).toBeVisible()
  await engineer.reload()
  await expect(composer.getByRole('textbox', { name: '内部备注' })).toHaveValue('先查喇叭线')
})
