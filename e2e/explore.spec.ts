import { fault, unique } from './support/house'
import { settled, test } from './support/test'
import { writeFileSync, mkdirSync } from 'node:fs'
test('explore', async ({ as, house }) => {
  test.setTimeout(600_000)
  mkdirSync('/tmp/e2e/x', { recursive: true })
  const r = await fault(house, `登录转圈 ${unique()}`, 'L2')
  const dump = async (who: any, path: string, name: string) => {
    const page = await as(who)
    await page.goto(path)
    await page.getByRole('heading').first().waitFor({ timeout: 60_000 })
    await settled(page)
    writeFileSync(`/tmp/e2e/x/${name}.yml`, await page.locator('body').ariaSnapshot())
    await page.screenshot({ path: `/tmp/e2e/x/${name}.png` })
    await page.context().close()
  }
  for (const [who, path, name] of [['chenli', '/', 'work'], ['zhouting', '/t/incidents', 'list'], ['zhouting', '/t/incidents/board', 'board'], ['chenli', `/r/${r.number}`, 'record'], ['zhouting', `/r/${r.number}`, 'record-desk'], ['zhouting', '/new/incidents', 'create'], ['zhouting', '/desk', 'desk'], ['zhouting', '/search?q=登录', 'search'], ['zhouting', '/notifications', 'notifications'], ['liumin', '/portal', 'portal'], ['liumin', '/portal/report', 'portal-new'], ['liumin', `/portal/r/${r.number}`, 'portal-detail'], ['liumin', '/portal/reports', 'portal-list'], ['admin', '/admin', 'admin'], ['admin', '/audit', 'audit'], ['admin', '/admin/definitions/incident', 'def']] as const) {
    try { await dump(who, path, name) } catch (e) { console.log(name, String(e).slice(0, 300)) }
  }
})
