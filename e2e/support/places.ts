// The pages people spend their time on, each with who looks at it, and what they see when it has come.
import type { Page } from '@playwright/test'
import { fault, unique, type House, type Language, type Login, type Made } from './house'
import { expect, settled } from './test'

type Words = Record<Language, string | RegExp>

export interface Place {
  name: string
  as: Login | null
  /** `made` is a fault with a conversation, in the hands of the second line. */
  path: (made: Made) => string
  /** A heading in the reader's language. */
  heading: Words
  /** Opens what the place is about. */
  act?: (page: Page, words: Language) => Promise<void>
}

const same = (s: string | RegExp): Words => ({ zh: s, en: s })

export const places: Place[] = [
  { name: 'sign-in', as: null, path: () => '/sign-in', heading: { zh: '登录运维管家', en: 'Sign in to Steward' } },
  { name: 'my-work', as: 'chenli', path: () => '/', heading: { zh: /件事等你/, en: /waiting for you/ } },
  { name: 'list', as: 'zhouting', path: () => '/t/incidents', heading: { zh: '事件', en: 'Incident' } },
  {
    name: 'list-preview', as: 'zhouting', path: () => '/t/incidents', heading: { zh: '事件', en: 'Incident' },
    act: async (page, l) => {
      await expect(page.getByRole('row').nth(1)).toBeVisible()
      await page.keyboard.press('Space')
      await expect(page.getByRole('complementary', { name: { zh: '预览', en: 'Preview' }[l] }).getByRole('heading').first()).toBeVisible()
    },
  },
  { name: 'board', as: 'zhouting', path: () => '/t/incidents/board', heading: { zh: '事件', en: 'Incident' } },
  { name: 'record', as: 'chenli', path: (r) => `/r/${r.number}`, heading: { zh: '动态', en: 'Activity' } },
  {
    name: 'drawer', as: 'chenli', path: (r) => `/r/${r.number}`, heading: { zh: '动态', en: 'Activity' },
    act: async (page, l) => {
      await page.getByRole('region', { name: { zh: '下一步', en: 'Next step' }[l] }).getByRole('button', { name: { zh: '升级…', en: 'Escalate…' }[l] }).click()
      await expect(page.getByRole('dialog').getByRole('radio').first()).toBeVisible()
    },
  },
  {
    name: 'why', as: 'chenli', path: (r) => `/r/${r.number}`, heading: { zh: '动态', en: 'Activity' },
    act: async (page, l) => {
      await page.keyboard.press('w')
      await expect(page.getByRole('dialog').getByRole('table', { name: { zh: '逐日台账', en: 'Day by day' }[l] })).toBeVisible()
    },
  },
  { name: 'agreements', as: 'lijing', path: () => '/agreements', heading: { zh: '服务协议', en: 'Agreements' } },
  {
    name: 'agreement', as: 'lijing', path: () => '/agreements', heading: { zh: '服务协议', en: 'Agreements' },
    act: async (page, l) => {
      await page.getByRole('link', { name: { zh: '市一院信息系统运维协议', en: 'City First Hospital IT services' }[l] }).click()
      await expect(page.getByRole('heading', { name: { zh: '时限表', en: 'Targets' }[l] })).toBeVisible()
    },
  },
  {
    name: 'agreement-new', as: 'lijing', path: () => '/agreements/new', heading: { zh: /起草协议/, en: /Draft an agreement/ },
    act: (page, l) => expect(page.getByText({ zh: /生效还差 \d+ 项/, en: /\d+ things missing/ }[l])).toBeVisible(),
  },
  { name: 'agreement-statistics', as: 'lijing', path: () => '/agreements/statistics', heading: { zh: '达标统计', en: 'Statistics' } },
  { name: 'calendars', as: 'lijing', path: () => '/calendars', heading: { zh: '服务日历', en: 'Calendars' } },
  {
    name: 'calendar', as: 'lijing', path: () => '/calendars/office', heading: { zh: '全年一览', en: 'The year' },
    act: (page, l) => expect(page.getByRole('table', { name: { zh: '逐日台账', en: 'Day by day' }[l] })).toBeVisible(),
  },
  { name: 'create', as: 'zhouting', path: () => '/new/incidents', heading: { zh: '新建事件', en: /^New incident/ } },
  { name: 'desk', as: 'zhouting', path: () => '/desk?phone=057186201118&rings=2', heading: { zh: '登记来电', en: /call/i } },
  { name: 'search', as: 'zhouting', path: () => `/search?q=${encodeURIComponent('打印机')}`, heading: { zh: '搜索', en: 'Search' } },
  { name: 'notifications', as: 'chenli', path: () => '/notifications', heading: { zh: '通知', en: 'Notifications' } },
  { name: 'settings', as: 'chenli', path: () => '/settings', heading: { zh: '个人设置', en: 'Settings' } },
  {
    name: 'palette', as: 'chenli', path: () => '/', heading: { zh: /件事等你/, en: /waiting for you/ },
    act: async (page) => {
      await page.keyboard.press('Control+k')
      await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused()
      await page.keyboard.type('HIS')
      await expect(page.getByRole('dialog').getByRole('option', { name: /INC-|REQ-/ }).first()).toBeVisible()
    },
  },
  {
    name: 'keys', as: 'chenli', path: () => '/', heading: { zh: /件事等你/, en: /waiting for you/ },
    act: async (page, l) => {
      await page.keyboard.press('?')
      await expect(page.getByRole('dialog', { name: { zh: '全部按键', en: 'All keys' }[l] })).toBeVisible()
    },
  },
  { name: 'duty', as: 'huangyong', path: () => '/duty', heading: { zh: '值班', en: 'Duty' } },
  { name: 'duty-handover', as: 'huangyong', path: () => '/duty/handover', heading: { zh: '交班', en: 'Hand over' } },
  {
    name: 'duty-swap', as: 'huangyong', path: () => '/duty', heading: { zh: '值班', en: 'Duty' },
    act: async (page, l) => {
      await page.getByRole('button', { name: { zh: '申请换班', en: 'Ask for a swap' }[l] }).click()
      await expect(page.getByRole('dialog').getByRole('combobox').first()).toBeVisible()
    },
  },
  { name: 'rosters', as: 'panwei', path: () => '/duty/rosters', heading: { zh: '值班表', en: 'Duty rosters' } },
  { name: 'roster-new', as: 'panwei', path: () => '/duty/rosters/new', heading: { zh: '排一张值班表', en: 'Make a roster' } },
  {
    name: 'roster', as: 'panwei', path: () => '/duty/rosters', heading: { zh: '值班表', en: 'Duty rosters' },
    act: async (page) => {
      await page.getByRole('row').nth(1).getByRole('button').click()
      await expect(page.getByRole('grid').getByRole('gridcell').first()).toBeVisible()
      await settled(page)
    },
  },
  {
    name: 'roster-edit', as: 'panwei', path: () => '/duty/rosters', heading: { zh: '值班表', en: 'Duty rosters' },
    act: async (page, l) => {
      await page.getByRole('row').nth(1).getByRole('button').click()
      await page.getByRole('button', { name: { zh: '修改', en: 'Change' }[l], exact: true }).click()
      await expect(page.getByRole('dialog').getByRole('checkbox').first()).toBeVisible()
    },
  },
  { name: 'alerts', as: 'panwei', path: () => '/alerts', heading: { zh: '告警', en: 'Alerts' } },
  {
    name: 'alert', as: 'panwei', path: () => '/alerts?view=all', heading: { zh: '告警', en: 'Alerts' },
    act: async (page) => {
      await page.getByRole('row').nth(1).getByRole('button').first().click()
      await expect(page.getByRole('dialog').getByRole('table').first()).toBeVisible()
    },
  },
  { name: 'alert-rules', as: 'panwei', path: () => '/alerts/rules', heading: { zh: '规则', en: 'Rules' } },
  { name: 'alert-windows', as: 'panwei', path: () => '/alerts/windows', heading: { zh: '维护窗口', en: 'Maintenance windows' } },
  { name: 'alert-sources', as: 'panwei', path: () => '/alerts/sources', heading: { zh: '来源', en: 'Sources' } },
  { name: 'alert-objects', as: 'panwei', path: () => '/alerts/objects', heading: { zh: '监控对象', en: 'Monitored objects' } },
  { name: 'alert-statistics', as: 'panwei', path: () => '/alerts/statistics', heading: { zh: '统计', en: 'Statistics' } },
  { name: 'notify-preferences', as: 'chenli', path: () => '/notifications/preferences', heading: { zh: '通知偏好', en: 'Preferences' } },
  { name: 'notify-channels', as: 'admin', path: () => '/admin/channels', heading: { zh: '通知通道', en: 'Notification channels' } },
  {
    name: 'notify-template', as: 'admin', path: () => '/admin/templates', heading: { zh: '通知模板', en: 'Notification templates' },
    act: async (page) => {
      await page.getByRole('row').nth(1).getByRole('button').click()
      await expect(page.getByRole('dialog').getByRole('region')).toContainText('INC-2026-00042')
    },
  },
  { name: 'notify-deliveries', as: 'admin', path: () => '/admin/deliveries', heading: { zh: '发送记录', en: 'Deliveries' } },
  { name: 'portal-home', as: 'liumin', path: () => '/portal', heading: { zh: /需要什么帮助/, en: /can we help/ } },
  { name: 'portal-report', as: 'liumin', path: () => '/portal/report', heading: { zh: '报告故障', en: 'Report a fault' } },
  { name: 'portal-list', as: 'liumin', path: () => '/portal/reports', heading: { zh: '我的申报', en: 'My reports' } },
  { name: 'portal-detail', as: 'liumin', path: (r) => `/portal/r/${r.number}`, heading: { zh: '申报内容', en: /./ } },
  { name: 'audit', as: 'admin', path: () => '/audit', heading: { zh: '审计记录', en: /audit/i } },
  { name: 'admin-people', as: 'admin', path: () => '/admin/people', heading: { zh: '人员', en: 'People' } },
  { name: 'admin-organisations', as: 'admin', path: () => '/admin/organisations', heading: { zh: '组织与站点', en: /organisations/i } },
  { name: 'admin-teams', as: 'admin', path: () => '/admin/teams', heading: { zh: '团队', en: 'Teams' } },
  { name: 'admin-accounts', as: 'admin', path: () => '/admin/accounts', heading: { zh: '账号', en: 'Accounts' } },
  { name: 'admin-roles', as: 'admin', path: () => '/admin/roles', heading: { zh: /角色/, en: /roles/i } },
  { name: 'admin-grants', as: 'admin', path: () => '/admin/grants', heading: { zh: '授权', en: /grants/i } },
  { name: 'admin-policy', as: 'admin', path: () => '/admin/policy', heading: { zh: '密码规则', en: /password/i } },
  { name: 'admin-priorities', as: 'admin', path: () => '/admin/priorities', heading: { zh: /优先级/, en: /priorit/i } },
  { name: 'admin-definitions', as: 'admin', path: () => '/admin/definitions', heading: { zh: '流程定义', en: /definitions/i } },
  {
    name: 'admin-definition', as: 'admin', path: () => '/admin/definitions/incident', heading: { zh: /事件/, en: /Incident/ },
    act: (page, l) => expect(page.getByRole('group', { name: { zh: /流程图/, en: /diagram|workflow/i }[l] }).getByRole('button').first()).toBeVisible(),
  },
]

export { same }

/** One fault for all places of a run. */
const faults = new WeakMap<House, Promise<Made>>()
export function shownFault(house: House): Promise<Made> {
  const made = faults.get(house) ?? fault(house, `电子病历登录后一直转圈 ${unique()}`, 'L2')
  faults.set(house, made)
  return made
}

/** Goes to a place and waits until all of it stands there. */
export async function visit(page: Page, place: Place, made: Made, language: Language = 'zh') {
  await page.goto(place.path(made))
  await expect(page.getByRole('heading', { name: place.heading[language], exact: typeof place.heading[language] === 'string' }).first()).toBeVisible()
  await settled(page)
  await place.act?.(page, language)
}
