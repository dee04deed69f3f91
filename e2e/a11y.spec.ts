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

for (const place of places) {
  test(place.name, async ({ screens, house }) => {
    const { page } = await screens.open(place.as)
    await visit(page, place, await shownFault(house))
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme })
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
      expect.soft(await violations(page, theme), `${place.name} in ${theme}`).toEqual([])
    }
    await page.setViewportSize({ width: 320, height: 720 })
    // Wide things scroll in their own box, the page never does.
    await expect.poll(() => page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)), { message: `${place.name} at 320 px` }).toBeLessThanOrEqual(320)
  })
}
