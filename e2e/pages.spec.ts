// Every main page, in Chinese: it passes axe in light and in dark, needs no sideways scrolling at 320 px, says nothing
// untranslated, and nothing fails behind it. What most people see is looked at in English, too. Pictures of those, light
// and dark, on a desk and on a phone, lie in test-results/screens.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import type { Language } from './support/house'
import { places, shownFault, visit, type Place } from './support/places'
import { expect, test, type Screen } from './support/test'

const shown = ['sign-in', 'my-work', 'list', 'board', 'record', 'why', 'agreements', 'agreement', 'agreement-statistics', 'calendars', 'calendar', 'create', 'duty', 'roster', 'roster-new', 'alerts', 'alert', 'alert-rules', 'alert-statistics', 'notify-preferences', 'notify-template', 'desk', 'search', 'notifications', 'portal-home', 'portal-report', 'portal-detail', 'audit', 'admin-people', 'admin-roles', 'admin-definition']
const sizes = { 1440: { width: 1440, height: 900 }, 390: { width: 390, height: 844 } }

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
/** The rules that look at colours; all others see the same page in both themes. */
const colours = ['color-contrast', 'link-in-text-block']

async function violations(page: Page, theme: 'light' | 'dark') {
  const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'], preload: false }).setLegacyMode(true)
  const { violations, passes } = await (theme === 'light' ? axe.withTags(tags) : axe.withRules(colours)).analyze()
  expect(passes.length, 'axe found something to look at').toBeGreaterThan(0)
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}\n    ${n.html.slice(0, 160)}\n    ${n.failureSummary?.split('\n').slice(1).join(' ').trim()}`))
}

/** Runs in the page: whether it scrolls sideways, and words that lie beside it where no scrolling reaches them. */
function outOfReach(): string[] {
  const found: string[] = []
  for (const el of [document.documentElement, document.body]) if (el.scrollWidth > innerWidth) found.push(`${el.tagName} is ${el.scrollWidth} px wide`)
  const modal = document.querySelector('dialog[open]')
  for (const el of (modal ?? document.body).querySelectorAll<HTMLElement>('*')) {
    const says = [...el.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent?.trim())
    if (!says || !el.checkVisibility({ visibilityProperty: true })) continue
    const box = el.getBoundingClientRect()
    if (box.width <= 1 || (box.right <= innerWidth + 1 && box.left >= -1)) continue
    // What needs two directions may scroll in its own box: tables, diagrams, rows of tabs, and what says data-wide (the board, the filters).
    const wide = el.closest('table, svg, pre, nav, [role=tablist], [data-wide]')
    let reach = false
    for (let up: HTMLElement | null = el; up && !reach; up = up.parentElement) {
      const style = getComputedStyle(up)
      // Or it is cut with an ellipsis in a box that fits, or there only for those who listen.
      const fits = up.getBoundingClientRect().right <= innerWidth + 1
      reach = (!!wide && /auto|scroll/.test(style.overflowX) && fits) || (style.textOverflow === 'ellipsis' && fits) || style.clipPath !== 'none' || style.position === 'fixed'
    }
    if (!reach) found.push(`${el.tagName.toLowerCase()} “${el.textContent?.trim().slice(0, 40)}” ends at ${Math.round(box.right)} px`)
  }
  return found
}

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

/** In light and dark, which changes nothing but colours. */
const themes = ['light', 'dark'] as const
async function turn(page: Page, theme: (typeof themes)[number]) {
  await page.emulateMedia({ colorScheme: theme })
  await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
}

async function pictures(page: Page, place: Place, language: Language) {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport)
    for (const theme of themes) {
      await turn(page, theme)
      await page.screenshot({ path: `test-results/screens/${place.name}-${language}-${theme}-${size}.png`, animations: 'disabled' })
    }
  }
}

function quiet({ trouble }: Screen, place: Place) {
  // Nobody is signed in on the way to the sign-in page, and the app has to ask.
  const expected = place.as === null ? /401/ : /^$/
  expect(trouble.uncaught, 'errors that nobody caught').toEqual([])
  expect(trouble.other.filter((t) => !expected.test(t)), 'console and requests').toEqual([])
}

for (const place of places) {
  test(place.name, async ({ windows, house }) => {
    const screen = await windows.again(place.as)
    const { page } = screen
    await visit(page, place, await shownFault(house))
    expect.soft(await untranslated(page), 'keys instead of words').toEqual([])
    for (const theme of themes) {
      await turn(page, theme)
      expect.soft(await violations(page, theme), `${place.name} in ${theme}`).toEqual([])
    }
    if (shown.includes(place.name)) await pictures(page, place, 'zh')
    await page.setViewportSize({ width: 320, height: 720 })
    // Wide things scroll in their own box; the page never does, and nothing is out of reach beside it.
    await expect.poll(() => page.evaluate(outOfReach), { message: `${place.name} at 320 px` }).toEqual([])
    quiet(screen, place)
  })
}

for (const place of places.filter((p) => shown.includes(p.name))) {
  test(`${place.name} in English`, async ({ windows, house }) => {
    const screen = await windows.again(place.as, { language: 'en', locale: 'en-US' })
    const { page } = screen
    await visit(page, place, await shownFault(house), 'en')
    await expect(page.locator('html')).toHaveAttribute('lang', 'en-US')
    expect.soft(await untranslated(page), 'keys instead of words').toEqual([])
    expect.soft(await chineseLeft(page), 'Chinese on an English page').toEqual([])
    await pictures(page, place, 'en')
    quiet(screen, place)
  })
}
