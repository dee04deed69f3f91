// A server of one test's own: empty, and with a clock that nobody else looks at unless it is to be the machine's.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, request, type APIRequestContext, type Browser } from '@playwright/test'
import { Person } from './house'

const binary = process.env.STEWARD_E2E_BINARY || resolve(import.meta.dirname, '../../build/steward')
export const secret = 'Qingsong-clock-2026'

export class Own {
  private constructor(readonly url: string, private stop_: () => Promise<void>) {}

  static async start({ testClock = true } = {}): Promise<Own> {
    const folder = await mkdtemp(join(tmpdir(), 'steward-own-'))
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    free.close()
    await once(free, 'close')
    const env = { ...process.env }
    for (const name of Object.keys(env)) if (name.startsWith('STEWARD_')) delete env[name]
    const server = spawn(binary, ['serve', ...(testClock ? ['--test-clock'] : []), '--data', join(folder, 'data'), '--listen', `127.0.0.1:${port}`], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let log = ''
    for (const out of [server.stdout, server.stderr]) out?.on('data', (d) => (log += d))
    const url = `http://127.0.0.1:${port}`
    await expect.poll(() => fetch(url).then((r) => r.status, () => (server.exitCode === null ? 0 : `ended: ${log}`)), { timeout: 60_000 }).toBe(200)
    return new Own(url, async () => {
      if (server.exitCode === null) {
        const ended = once(server, 'exit')
        server.kill('SIGTERM')
        const [code] = await ended
        expect(code, log).toBe(0)
      }
      await rm(folder, { recursive: true, force: true })
    })
  }

  stop = () => this.stop_()

  async clock(instant: string) {
    const answer = await fetch(`${this.url}/api/test/clock`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ now: instant }) })
    expect(answer.status).toBe(200)
  }

  /** The first account, who is an administrator. */
  async setUp(login: string, name: string) {
    const http = await request.newContext({ baseURL: this.url })
    const made = await http.post('/api/v1/setup', { data: { organisation: { name: '青松运维' }, person: { name }, login, password: secret, language: 'zh' } })
    expect(made.ok(), await made.text()).toBe(true)
    await http.dispose()
  }

  /** Signs in anew: a session does not live through the days that the clock jumps. */
  async meet(login: string): Promise<{ http: APIRequestContext; person: Person }> {
    const http = await request.newContext({ baseURL: this.url })
    const answer = await http.post('/api/v1/session', { data: { login, password: secret } })
    expect(answer.status(), await answer.text()).toBe(200)
    return { http, person: new Person(http, ((await answer.json()) as { csrf: string }).csrf) }
  }

  /** A window of somebody at an instant of the server's clock. */
  async window(browser: Browser, login: string, instant: string) {
    const { http } = await this.meet(login)
    const context = await browser.newContext({ storageState: await http.storageState(), baseURL: this.url, timezoneId: 'Asia/Shanghai', locale: 'zh-CN', viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    await page.clock.setFixedTime(new Date(instant))
    return page
  }
}
