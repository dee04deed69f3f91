// What the main pages look like: in Chinese and English, light and dark, on a desk and on a phone. The pictures lie in
// test-results/screens. Each page also says nothing untranslated, and nothing fails behind it.
import type { Page } from '@playwright/test'
import { places, shownFault, visit } from './support/places'
import { expect, test } from './support/test'

const shown = ['sign-in', 'my-work', 'list', 'board', 'record', 'why', 'agreements', 'agreement', 'agreement-statistics', 'calendars', 'calendar', 'create', 'duty', 'roster', 'roster-new', 'alerts', 'alert', 'alert-rules', 'alert-statistics', 'notify-preferences', 'notify-template', 'desk', 'search', 'notifications', 'portal-home', 'portal-report', 'portal-detail', 'audit', 'admin-people', 'admin-roles', 'admin-definition']
const sizes = { 1440: { width: 1440, height: 900 }, 390: { width: 390, height: 844 } }

/** Keys of a catalogue that show because a text is missing: `foo.bar`, and values that were never there. */
async function untranslated(page: Page): Promise<string[]> {
  const text = await page.evaluate(() => {
    const body = document.body.cloneNode(true) as HTMLElement
    body.querySelectorAll('code, pre, script, style').forEach((x) => x.remove())
    document.body.append(body)
    const text = body.innerText
    body.remove()
    return text
  })
  const keys = text.match(/(?<![\w@./-])[a-z]+(?:_[a-z]+)*(?:\.[a-z]+(?:_[a-z]+)*)+(?![\w@./-])/g) ?? []
  const files = /\.(jpg|jpeg|png|pdf|csv|xlsx|docx?|txt|log|zip|com|cn|net|org)$/
  return [...keys.filter((k) => !files.test(k)), ...(text.match(/\b(?:undefined|NaN|\[object Object\]|Invalid Date)\b/g) ?? [])]
}

/** What the app itself says, beside what people wrote: in English no Chinese may stand there. */
async function chineseLeft(page: Page): Promise<string[]> {
  const words = await page.locator('nav a, nav [id^=nav-], th:not([scope=row]), label, [role=tab], [role=radio], summary, aside h2, aside h3').allInnerTexts()
  return words.filter((w) => /[一-鿿]/.test(w))
}

for (const language of ['zh', 'en'] as const) {
  for (const place of places.filter((p) => shown.includes(p.name))) {
    test(`${place.name} ${language}`, async ({ windows, house }) => {
      const { page, trouble } = await windows.again(place.as, { language, locale: { zh: 'zh-CN', en: 'en-US' }[language] })
      await visit(page, place, await shownFault(house), language)
      await expect(page.locator('html')).toHaveAttribute('lang', { zh: 'zh-CN', en: 'en-US' }[language])
      expect.soft(await untranslated(page), 'keys instead of words').toEqual([])
      if (language === 'en') expect.soft(await chineseLeft(page), 'Chinese on an English page').toEqual([])

      for (const [size, viewport] of Object.entries(sizes)) {
        await page.setViewportSize(viewport)
        for (const theme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme: theme })
          await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
          await page.screenshot({ path: `test-results/screens/${place.name}-${language}-${theme}-${size}.png`, animations: 'disabled' })
        }
      }
      // Nobody is signed in on the way to the sign-in page, and the app has to ask.
      const expected = place.as === null ? /401/ : /^$/
      expect(trouble.uncaught, 'errors that nobody caught').toEqual([])
      expect(trouble.other.filter((t) => !expected.test(t)), 'console and requests').toEqual([])
    })
  }
}
