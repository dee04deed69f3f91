// Every main page passes axe in light and in dark, and needs no sideways scrolling at 320 px.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { places, shownFault, visit } from './support/places'
import { expect, test } from './support/test'

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

for (const place of places) {
  test(place.name, async ({ windows, house }) => {
    const { page, trouble } = await windows.again(place.as)
    await visit(page, place, await shownFault(house))
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme })
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
      expect.soft(await violations(page, theme), `${place.name} in ${theme}`).toEqual([])
    }
    await page.setViewportSize({ width: 320, height: 720 })
    // Wide things scroll in their own box; the page never does, and nothing is out of reach beside it.
    await expect.poll(() => page.evaluate(outOfReach), { message: `${place.name} at 320 px` }).toEqual([])
    expect(trouble.uncaught, 'errors that nobody caught').toEqual([])
  })
}
