// The acceptance: one fault from the customer's first word to the administrator's proof, by the people whose work each
// part is, in the browser, in Chinese, at 1440 px.
import { people, teams, unique, type Login } from './support/house'
import { expect, Screens, settled, test, type Screen } from './support/test'
import type { Locator, Page } from '@playwright/test'

/** What a customer must never read. */
const inside = /一线|二线|三线|现场支持组|应用组|连接池满|内部备注|升级|L1|L2/

const next = (page: Page) => page.getByRole('region', { name: '下一步' })
const drawer = (page: Page, title: string | RegExp) => page.getByRole('dialog', { name: title })
const state = (page: Page, label: string) => page.getByRole('main').getByText(label, { exact: true }).first()

/** Finds somebody in a picker by typing the name. */
async function choose(form: Locator, field: string, name: string) {
  await form.getByRole('combobox', { name: field }).fill(name)
  await form.page().getByTitle(name, { exact: true }).filter({ visible: true }).first().click()
}

test.describe.serial('一个故障，五个人', () => {
  const title = `电子病历登录不了 ${unique()}`
  let screens: Screens
  let number = ''
  const windows = {} as Record<Login, Screen>
  const page = (login: Login) => windows[login].page
  const at = (login: Login) => page(login).goto(`/r/${number}`)

  test.beforeAll(async ({ browser, house }) => {
    screens = new Screens(browser, house)
    for (const login of ['liumin', 'zhouting', 'huangyong', 'chenli', 'admin'] as const) windows[login] = await screens.open(login)
  })
  test.afterAll(() => screens.close())

  test('客户在门户报告故障，带一张照片', async () => {
    const desk = page('zhouting')
    await desk.goto('/t/incidents?sort=-created_at')
    await expect(desk.getByRole('table', { name: /^事件/ })).toBeVisible()

    const customer = page('liumin')
    await customer.goto('/portal')
    await expect(customer.getByRole('heading', { level: 1, name: /刘敏.*需要什么帮助/ })).toBeVisible()
    await customer.getByRole('link', { name: /报告故障/ }).first().click()
    await expect(customer.getByRole('heading', { level: 1, name: '报告故障' })).toBeVisible()

    await customer.getByRole('button', { name: '提交申报' }).click()
    await expect(customer.getByRole('alert').filter({ hasText: '还没有填哪里出了问题' })).toBeVisible()

    await customer.getByRole('textbox', { name: '哪里出了问题' }).fill(title)
    await customer.getByRole('textbox', { name: '具体情况' }).fill('输入工号和密码后一直转圈，门诊三台电脑都这样。')
    await customer.getByRole('combobox', { name: '在哪里' }).fill('门诊')
    await customer.getByRole('option', { name: '门诊楼' }).click()
    await customer.getByRole('combobox', { name: '哪个系统或设备' }).fill('电子病历')
    await customer.getByRole('option', { name: '电子病历' }).click()
    await customer.getByRole('radio', { name: '现在就影响工作，等不了' }).click()
    await customer.getByRole('radio', { name: '刚刚' }).click()
    const photo = await customer.screenshot({ type: 'jpeg', quality: 60 })
    const chooser = customer.waitForEvent('filechooser')
    await customer.getByRole('button', { name: '拍照或选照片' }).click()
    await (await chooser).setFiles({ name: '登录界面.jpg', mimeType: 'image/jpeg', buffer: photo })
    await expect(customer.getByRole('img', { name: '登录界面.jpg' })).toBeVisible()
    await expect(customer.getByRole('progressbar')).toHaveCount(0)
    await customer.getByRole('button', { name: '提交申报' }).click()

    await expect(customer.getByText(/已收到，编号 INC-\d{4}-\d{5}/)).toBeVisible()
    await expect(customer).toHaveURL(/\/portal\/r\/INC-/)
    number = new URL(customer.url()).pathname.split('/').at(-1) ?? ''
    await expect(customer.getByRole('heading', { level: 1, name: title })).toBeVisible()
    await expect(customer.getByRole('listitem').filter({ hasText: '已收到' }).first()).toHaveAttribute('aria-current', 'step')
    await expect(customer.getByRole('region', { name: '申报内容' })).toContainText('门诊楼')
    await expect(customer.getByRole('img', { name: '登录界面.jpg' }).or(customer.getByRole('link', { name: '登录界面.jpg' })).first()).toBeVisible()
  })

  test('服务台的列表自己说有新事件，登记、分类、派单', async () => {
    const desk = page('zhouting')
    await desk.getByRole('button', { name: /条新事件/ }).click()
    await desk.getByRole('link', { name: title }).click()
    await expect(desk.getByRole('heading', { level: 1, name: title })).toBeVisible()
    await expect(state(desk, '已登记')).toBeVisible()
    await expect(desk.getByRole('link', { name: /登录界面\.jpg/ }).first()).toBeVisible()
    await expect(next(desk).getByRole('heading')).toHaveText(/^轮到你/)

    await next(desk).getByRole('button', { name: '完成分类' }).click()
    const classify = drawer(desk, '完成分类')
    await expect(classify.getByText(/还差 1 项：影响度/)).toBeVisible()
    await classify.getByRole('radiogroup', { name: '影响度' }).getByRole('radio', { name: /^高/ }).click()
    await classify.getByRole('button', { name: '完成分类' }).click()
    await expect(classify).toBeHidden()
    await expect(state(desk, '已分类')).toBeVisible()
    await expect(desk.getByRole('main').getByText('紧急', { exact: true }).first()).toBeVisible()

    await next(desk).getByRole('button', { name: '派单' }).click()
    const dispatch = drawer(desk, '派单')
    await choose(dispatch, '组', teams.L1)
    await choose(dispatch, '处理人', people.huangyong)
    await dispatch.getByRole('textbox', { name: '处理要求' }).fill('先电话联系信息科')
    await dispatch.getByRole('button', { name: '派单' }).click()
    await expect(dispatch).toBeHidden()
    await expect(state(desk, '已派一线')).toBeVisible()
    await expect(next(desk).getByRole('heading')).toHaveText(/黄勇/)
  })

  test('客户打开着的页面自己变了，看不到是哪一线', async () => {
    const customer = page('liumin')
    await expect(customer.getByRole('listitem').filter({ hasText: '已安排人员' }).first()).toBeVisible()
    await expect(customer.getByText('黄勇').first()).toBeVisible()
    await expect(customer.getByRole('main')).not.toHaveText(inside)
  })

  test('一线接单，越级升级被拒绝时说明原因，改为升级到二线', async () => {
    const first = page('huangyong')
    await first.goto('/')
    const row = first.getByRole('listitem').filter({ has: first.getByRole('link', { name: title }) })
    await row.getByRole('button', { name: '接单' }).click()
    const accept = drawer(first, '接单')
    await accept.getByRole('textbox', { name: '首次联系用户' }).fill('已打电话，三台都登录不了。')
    await accept.getByRole('button', { name: '接单' }).click()
    await expect(accept).toBeHidden()
    await row.getByRole('link', { name: title }).click()
    await expect(state(first, '一线处理')).toBeVisible()
    await expect(next(first).getByRole('heading')).toHaveText(/^轮到你/)

    await next(first).getByRole('button', { name: '升级…' }).click()
    const escalate = drawer(first, '升级')
    await escalate.getByRole('radio', { name: '三线' }).click()
    await escalate.getByRole('radio', { name: '超出处理能力' }).click()
    await escalate.getByRole('textbox', { name: '说明' }).fill('重启客户端无效，疑似服务端。')
    await escalate.getByRole('button', { name: '升级' }).click()
    await expect(escalate.getByRole('alert')).toContainText('升级按一线、二线、三线的顺序进行')
    await expect(escalate.getByRole('textbox', { name: '说明' })).toHaveValue('重启客户端无效，疑似服务端。')

    await escalate.getByRole('radio', { name: '二线' }).click()
    await choose(escalate, '组', teams.L2)
    await choose(escalate, '处理人', people.chenli)
    await escalate.getByRole('button', { name: '升级' }).click()
    await expect(escalate).toBeHidden()
    await expect(state(first, '已派二线')).toBeVisible()
  })

  test('二线接单，回复客户，写内部备注，提交解决办法', async () => {
    const second = page('chenli')
    await at('chenli')
    await next(second).getByRole('button', { name: '接单' }).click()
    await drawer(second, '接单').getByRole('button', { name: '接单' }).click()
    await expect(state(second, '二线处理')).toBeVisible()

    const composer = second.getByRole('region', { name: '写回复或备注' })
    await second.keyboard.press('r')
    await composer.getByRole('textbox', { name: '回复客户' }).fill('已定位到应用服务，预计 20 分钟内恢复。')
    await composer.getByRole('button', { name: '发送' }).click()
    await expect(second.getByRole('article').filter({ hasText: '预计 20 分钟内恢复' })).toContainText('客户可见')
    await composer.getByRole('radio', { name: '内部备注' }).click()
    await composer.getByRole('textbox', { name: '内部备注' }).fill('数据库连接池满了，二线重启前先导出日志。')
    await composer.getByRole('button', { name: '记下备注' }).click()
    await expect(second.getByRole('article').filter({ hasText: '数据库连接池满了' })).toContainText('客户看不到')

    const customer = page('liumin')
    await expect(customer.getByText('预计 20 分钟内恢复')).toBeVisible()
    await expect(customer.getByRole('main')).not.toHaveText(inside)

    await next(second).getByRole('button', { name: '提交解决办法' }).click()
    const solve = drawer(second, '提交解决办法')
    await solve.getByRole('textbox', { name: '解决办法' }).fill('重启病历应用服务，登录恢复正常。')
    await solve.getByRole('button', { name: '提交解决办法' }).click()
    await expect(solve).toBeHidden()
    await expect(state(second, '待确认')).toBeVisible()
    await expect(next(second).getByRole('heading')).toHaveText(/刘敏/)
  })

  test('客户还没确认，服务台关不了，原因写在按钮下面', async () => {
    const desk = page('zhouting')
    await expect(state(desk, '待确认')).toBeVisible()
    await expect(next(desk).getByRole('listitem').filter({ hasText: /^关闭/ })).toContainText('用户确认之后才能关闭')
    await expect(next(desk).getByRole('button', { name: '关闭', exact: true })).toHaveCount(0)
  })

  test('客户的接口里也没有内部的话', async ({ house }) => {
    const customer = await house.as('liumin')
    for (const path of [`/incidents/${number}`, `/incidents/${number}/timeline`, `/search?q=${number}`, '/notifications', '/work']) {
      expect(JSON.stringify(await customer.get(path)), path).not.toMatch(inside)
    }
  })

  test('客户确认并打分', async () => {
    const customer = page('liumin')
    await customer.getByRole('link', { name: '首页' }).first().click()
    const needs = customer.getByRole('region').filter({ has: customer.getByRole('heading', { name: title }) }).filter({ has: customer.getByRole('link', { name: '确认好了' }) })
    await expect(needs).toContainText('已处理，请您确认')
    await needs.getByRole('link', { name: '确认好了' }).click()
    await expect(customer.getByRole('heading', { name: '修好了吗？请您确认' })).toBeVisible()
    await expect(customer.getByText('重启病历应用服务，登录恢复正常。').first()).toBeVisible()
    await customer.getByRole('button', { name: '确认好了' }).click()
    await expect(customer.getByRole('alert')).toHaveText('先选一个分数，或选“不评价”。')
    await customer.getByRole('radio', { name: '很满意', exact: true }).click()
    await customer.getByRole('textbox', { name: '想说的话，可以不填' }).fill('处理很快，谢谢。')
    await customer.getByRole('button', { name: '确认好了' }).click()
    await expect(customer.getByText('谢谢，已确认。')).toBeVisible()
    await expect(customer.getByRole('listitem').filter({ hasText: '已确认' }).first()).toBeVisible()
    await expect(customer.getByRole('main')).not.toHaveText(inside)
  })

  test('服务台填故障修复信息，然后关闭', async () => {
    const desk = page('zhouting')
    await expect(state(desk, '已确认待关闭')).toBeVisible()
    await expect(desk.getByRole('article').filter({ hasText: '处理很快，谢谢。' })).toBeVisible()
    await next(desk).getByRole('button', { name: '关闭', exact: true }).click()
    const close = drawer(desk, '关闭')
    const send = close.getByRole('button', { name: '关闭' }).last()
    await close.getByRole('textbox', { name: '经验教训' }).fill('连接池加监控')
    await send.click()
    await expect(close.getByRole('alert').first()).toContainText('先填故障修复信息：故障原因、修复措施')
    await expect(close.getByRole('textbox', { name: '经验教训' })).toHaveValue('连接池加监控')
    await close.getByRole('textbox', { name: '故障原因' }).fill('数据库连接池耗尽')
    await close.getByRole('textbox', { name: '修复措施' }).fill('重启应用服务，连接池上限调到 200')
    await send.click()
    await expect(close).toBeHidden()
    await expect(state(desk, '已关闭')).toBeVisible()
    await expect(page('liumin').getByRole('listitem').filter({ hasText: '已完成' }).first()).toBeVisible()
  })

  test('管理员在审计里看到每一步，核对完整性，看流程图', async () => {
    const admin = page('admin')
    await admin.goto(`/audit?q=${number}`)
    await expect(admin.getByRole('heading', { level: 1, name: '审计记录' })).toBeVisible()
    const table = admin.getByRole('table', { name: '审计记录' })
    for (const [who, what] of [['刘敏', '登记'], ['周婷', '已派一线'], ['黄勇', '已派二线'], ['陈立', '待确认'], ['刘敏', '已确认待关闭'], ['周婷', '已关闭']] as const) {
      await expect(table.getByRole('row').filter({ hasText: number }).filter({ hasText: who }).filter({ hasText: what }).first()).toBeVisible()
    }
    // The server verifies at most once a minute.
    await expect(async () => {
      await admin.getByRole('button', { name: '核对完整性' }).click()
      await expect(admin.getByText('全部完整，没有一条被改动过。')).toBeVisible({ timeout: 15_000 })
    }).toPass({ timeout: 100_000, intervals: [10_000] })

    await admin.goto('/admin/definitions')
    await admin.getByRole('button', { name: '事件', exact: true }).or(admin.getByRole('link', { name: '事件', exact: true }).and(admin.getByRole('main').getByRole('link'))).first().click()
    await expect(admin.getByRole('heading', { level: 1, name: /事件/ })).toBeVisible()
    const diagram = admin.getByRole('group', { name: /流程图/ })
    for (const label of ['已登记', '一线处理', '二线处理', '待确认']) await expect(diagram.getByRole('button', { name: label })).toBeVisible()
    await diagram.getByRole('button', { name: '待确认' }).click()
    await expect(admin.getByRole('table').getByRole('row').filter({ hasText: '确认好了' }).first()).toBeVisible()
  })
})

test('全程用键盘登记一个来电，二十秒内打得完', async ({ as, house }) => {
  const mark = unique()
  const title = `收费窗口登录不了 ${mark}`
  const customer = await house.as('liumin')
  const earlier = await customer.post('/incidents', { title, description: '收费窗口登录不了，排队的人很多', service: await customer.find('service', 'HIS 收费与挂号') })

  const page = await as('zhouting')
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await settled(page)
  const hands = new Keyboard(page)
  const focused = (role: 'textbox' | 'combobox' | 'radiogroup', name: string) => {
    const field = page.getByRole(role, { name, exact: true })
    return expect(role === 'radiogroup' ? field.getByRole('radio').first() : field).toBeFocused()
  }

  await hands.press('t')
  await focused('textbox', '来电号码')
  await hands.type('057186201133')
  await expect(page.getByRole('combobox', { name: '来电人' })).toHaveValue('田园')
  await expect(page.getByRole('combobox', { name: '客户', exact: true })).toHaveValue(/市一院|清河市第一人民医院/)
  await hands.press('Enter')
  await focused('textbox', '响铃')
  await hands.type('2')
  await expect(page.getByText('2 声接听')).toBeVisible()
  await hands.press('Enter')
  await focused('combobox', '在用产品')
  await hands.type('HIS')
  await expect(page.getByRole('option', { name: 'HIS 收费与挂号' })).toBeVisible()
  await hands.press('Enter')
  await hands.press('Alt+5')
  await focused('textbox', '现象')
  await hands.type('收费窗口登录不了')

  const beside = page.getByRole('complementary', { name: '登记时的参考' })
  await expect(beside.getByRole('heading', { name: '可能是同一件事' })).toBeVisible()
  await expect(beside.getByRole('link', { name: earlier.number })).toBeVisible()
  await expect(page.getByRole('button', { name: /^并入 INC-/ })).toBeVisible()

  const priority = beside.getByRole('heading', { name: /^优先级/ })
  await expect(priority).toHaveText('优先级中')
  await hands.press('Alt+6')
  await focused('radiogroup', '影响范围')
  await hands.press('h')
  await expect(priority).toHaveText('优先级高')
  await focused('radiogroup', '紧急程度')
  await hands.press('h')
  await expect(priority).toHaveText('优先级紧急')
  await focused('textbox', '期望解决')
  await hands.type('2小时内')
  await expect(page.getByText(/^还差/)).toBeHidden()
  await hands.press('Control+Enter')

  await expect(page.getByRole('heading', { name: '这通来电记好了' })).toBeVisible()
  const said = page.getByRole('status').filter({ hasText: 'INC-' })
  // Nobody was chosen: it goes to the first line that serves everybody, not to one that sits at another customer's, and
  // there to whom its roster has on duty.
  await expect(said).toHaveText(/^INC-\d{4}-\d{5} 已派给\S+$/)
  const [number] = (await said.innerText()).split(' ')
  const made = await (await house.as('zhouting')).get<{ priority: { label: string }; channel: string; requester: { name: string }; team: { name: string } }>(`/incidents/${number}`)
  expect(made).toMatchObject({ priority: { label: '紧急' }, channel: 'phone', requester: { name: '田园' }, team: { name: teams.L1 } })

  // An unhurried typist makes four strokes a second.
  expect(hands.strokes / 4, `${hands.strokes} strokes`).toBeLessThan(20)

  // And ready for the next one.
  await hands.press('Enter')
  await focused('textbox', '来电号码')
})

test('登记来电时直接派给一个人', async ({ as }) => {
  const page = await as('zhouting')
  await page.goto('/desk?phone=057186201133&rings=2')
  await expect(page.getByRole('combobox', { name: '来电人' })).toHaveValue('田园')
  await page.getByRole('combobox', { name: '在用产品' }).fill('HIS')
  await page.getByRole('option', { name: 'HIS 收费与挂号' }).click()
  await page.getByRole('textbox', { name: '现象' }).fill(`发票打印错位 ${unique()}`)
  await page.getByRole('textbox', { name: '期望解决' }).fill('明早')
  await page.getByRole('combobox', { name: '派给' }).fill(people.huangyong)
  await page.getByRole('option', { name: people.huangyong }).click()
  await page.getByRole('button', { name: `登记并派给${people.huangyong}` }).click()
  await expect(page.getByRole('status').filter({ hasText: 'INC-' })).toHaveText(new RegExp(`已派给${people.huangyong}$`))
})

/** The keyboard, counting the strokes a person needs: two and a half for each Chinese character through an input method. */
class Keyboard {
  strokes = 0
  constructor(private page: Page) {}

  async press(key: string) {
    this.strokes += key.split('+').length
    await this.page.keyboard.press(key)
  }
  async type(text: string) {
    for (const part of text.match(/[一-鿿]+|[^一-鿿]+/g) ?? []) {
      if (/[一-鿿]/.test(part)) {
        this.strokes += Math.ceil(part.length * 2.5)
        await this.page.keyboard.insertText(part)
      } else {
        this.strokes += part.length
        await this.page.keyboard.type(part)
      }
    }
  }
}
