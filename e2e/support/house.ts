// The demonstration company's people, and the API as they use it: tests make their data with it.
import { expect, request, type APIRequestContext, type APIResponse } from '@playwright/test'

export const password = 'Steward-demo-2026'

/** Who plays in the tests, with the name that everybody else sees. */
export const people = {
  liumin: '刘敏',
  zhouting: '周婷',
  huangyong: '黄勇',
  chenli: '陈立',
  mahuijuan: '马会娟',
  lijing: '李静',
  panwei: '潘伟',
  admin: '系统管理员',
} as const
export const teams = { L1: '现场支持组', L2: '应用组' } as const
export type Login = keyof typeof people
export type Language = 'zh' | 'en'

type State = Awaited<ReturnType<APIRequestContext['storageState']>>
type Json = Record<string, unknown>

export interface Ref {
  id: string
  name: string
}
export interface Made {
  number: string
  plural: string
  version: number
  title: string
  state: { code: string; label: string }
  assignee: Ref | null
  fields: Json
}

/** One person at the API. */
export class Person {
  constructor(private http: APIRequestContext, private csrf: string) {}

  async get<T = Json>(path: string): Promise<T> {
    return this.read<T>(await this.http.get(`/api/v1${path}`), path)
  }
  async send<T = Json>(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, data: unknown = {}): Promise<T> {
    return this.read<T>(await this.http.fetch(`/api/v1${path}`, { method, data, headers: { 'X-CSRF-Token': this.csrf } }), path)
  }
  post = <T = Made>(path: string, data: unknown = {}) => this.send<T>('POST', path, data)

  /** The id of somebody or something by its name. */
  async find(to: string, name: string): Promise<string> {
    const { items } = await this.get<{ items: { id: string; label: string }[] }>(`/options/${to}?q=${encodeURIComponent(name)}&limit=20`)
    const found = items.find((x) => x.label === name) ?? items[0]
    if (!found) throw new Error(`no ${to} called ${name}`)
    return found.id
  }

  private async read<T>(answer: APIResponse, path: string): Promise<T> {
    const text = await answer.text()
    if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${text}`)
    return (text ? JSON.parse(text) : null) as T
  }
}

/** The server under test. Everybody signs in once and keeps their session. */
export class House {
  private known = new Map<Login, { http: APIRequestContext; person: Person; language: Language }>()

  constructor(readonly url: string) {}

  private async meet(login: Login) {
    const known = this.known.get(login)
    if (known) return known
    const http = await request.newContext({ baseURL: this.url })
    const answer = await http.post('/api/v1/session', { data: { login, password } })
    expect(answer.status(), `${login} signs in`).toBe(200)
    const session = (await answer.json()) as { csrf: string; language: Language }
    const met = { http, person: new Person(http, session.csrf), language: session.language }
    this.known.set(login, met)
    return met
  }

  async as(login: Login): Promise<Person> {
    return (await this.meet(login)).person
  }

  /** What a browser needs to be signed in as somebody, who reads this language. */
  async state(login: Login, language: Language = 'zh'): Promise<State> {
    const met = await this.meet(login)
    if (met.language !== language) {
      await met.person.send('PATCH', '/me', { language })
      met.language = language
    }
    return met.http.storageState()
  }

  async close() {
    for (const { http, person, language } of this.known.values()) {
      if (language !== 'zh') await person.send('PATCH', '/me', { language: 'zh' })
      await http.dispose()
    }
  }
}

/** A word nobody else uses: what a test makes can be told apart, also on a server that has seen the test before. */
let count = 0
export const unique = () => `${Date.now().toString(36).slice(-6)}${(count++).toString(36)}`.toUpperCase()

export type Stage = 'reported' | 'dispatched' | 'L1' | 'L2' | 'solved'
const order: Stage[] = ['reported', 'dispatched', 'L1', 'L2', 'solved']

/** A fault of the hospital, brought as far as wanted by those whose work it is. */
export async function fault(house: House, title: string, until: Stage = 'reported'): Promise<Made> {
  const reached = (s: Stage) => order.indexOf(until) >= order.indexOf(s)
  const customer = await house.as('liumin')
  let r = await customer.post('/incidents', {
    title, description: '点登录后一直转圈，三台电脑都这样。', site: await customer.find('site', '门诊楼'), service: await customer.find('service', '电子病历'), urgency: 'high', contact_phone: '0571-86201118',
  })
  const step = async (login: Login, transition: string, body: Json = {}) => {
    r = await (await house.as(login)).post(`/incidents/${r.number}/${transition}`, body)
  }
  if (!reached('dispatched')) return r
  await step('zhouting', 'classify', { impact: 'medium', urgency: 'high' })
  const desk = await house.as('zhouting')
  await step('zhouting', 'dispatch', { team: await desk.find('team', teams.L1), assignee: await desk.find('staff', people.huangyong) })
  if (!reached('L1')) return r
  await step('huangyong', 'accept')
  if (!reached('L2')) return r
  const first = await house.as('huangyong')
  await step('huangyong', 'escalate', { to: 'L2', reason: 'beyond_ability', team: await first.find('team', teams.L2), assignee: await first.find('staff', people.chenli) })
  await step('chenli', 'accept')
  const engineer = await house.as('chenli')
  await engineer.post(`/incidents/${r.number}/comments`, { body: '已联系厂商，**半小时内**给您答复。', public: true, attachments: [] })
  await engineer.post(`/incidents/${r.number}/comments`, { body: '怀疑是连接池满了，先看日志。', public: false, attachments: [] })
  if (!reached('solved')) return engineer.get<Made>(`/incidents/${r.number}`)
  await step('chenli', 'solve', { solution: '重启应用服务并扩大连接池，登录恢复。' })
  return r
}
