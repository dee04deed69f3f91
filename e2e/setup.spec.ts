// The first start, on an empty server of its own: the page makes the administrator, once.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test, type Page } from '@playwright/test'

const binary = process.env.STEWARD_E2E_BINARY || resolve(import.meta.dirname, '../build/steward')
const secret = 'Qingsong-first-start-2026'

let server: ChildProcess
let folder = ''
let url = ''
let log = ''

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steward-setup-'))
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')
  url = `http://127.0.0.1:${port}`
  const env = { ...process.env }
  for (const name of Object.keys(env)) if (name.startsWith('STEWARD_')) delete env[name]
  server = spawn(binary, ['serve', '--data', join(folder, 'data'), '--listen', `127.0.0.1:${port}`], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const out of [server.stdout, server.stderr]) out?.on('data', (d) => (log += d))
  await expect.poll(() => fetch(url).then((r) => r.status, () => (server.exitCode === null ? 0 : `ended: ${log}`)), { timeout: 60_000 }).toBe(200)
})

test.afterAll(async () => {
  if (server?.exitCode === null) {
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    const [code] = await ended
    expect(code, log).toBe(0)
  }
  await rm(folder, { recursive: true, force: true })
})

/** The field, not the eye beside it. */
const passwordOf = (page: Page) => page.getByLabel(/^密码/)

test('第一次打开就建立管理员，之后只能登录', async ({ page }) => {
  await page.goto(`${url}/t/incidents`)
  await expect(page.getByRole('heading', { level: 1, name: '建立管理员' })).toBeVisible()
  await expect(page).toHaveURL(`${url}/setup`)
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
  await page.goto(`${url}/setup`)
  await expect(page.getByRole('heading', { level: 1, name: '没有等你的事' })).toBeVisible()
  await page.getByRole('button', { name: /赵敏/ }).click()
  await page.getByRole('menuitem', { name: '退出登录' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '登录运维管家' })).toBeVisible()
  await page.goto(`${url}/setup`)
  await expect(page).toHaveURL(/\/sign-in/)

  await page.getByRole('textbox', { name: '账号' }).fill('zhaomin')
  await passwordOf(page).fill('不是这个')
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await passwordOf(page).fill(secret)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: '没有等你的事' })).toBeVisible()
})
