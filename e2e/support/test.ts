import { expect, test as base, type Browser, type BrowserContextOptions, type Page } from '@playwright/test'
import { House, type Language, type Login } from './house'

export { expect }

/** What went wrong in a page beside what the test looked at. */
export interface Trouble {
  /** Errors that nobody caught: never right. */
  uncaught: string[]
  /** Errors on the console and requests that failed or were refused. */
  other: string[]
}

function watch(page: Page): Trouble {
  const trouble: Trouble = { uncaught: [], other: [] }
  page.on('pageerror', (e) => trouble.uncaught.push(String(e.stack ?? e)))
  page.on('console', (msg) => {
    if (msg.type() === 'error') trouble.other.push(`console: ${msg.text()} (${msg.location().url})`)
  })
  page.on('requestfailed', (r) => {
    // A page that is left gives up what it was still asking for.
    const why = r.failure()?.errorText ?? ''
    if (why !== 'net::ERR_ABORTED') trouble.other.push(`request: ${r.method()} ${r.url()} ${why}`)
  })
  page.on('response', (r) => {
    if (r.status() >= 400) trouble.other.push(`response: ${r.status()} ${r.request().method()} ${r.url()}`)
  })
  return trouble
}

export interface Screen {
  page: Page
  trouble: Trouble
}
export interface ScreenOptions extends BrowserContextOptions {
  language?: Language
}

/** Browsers of several people at once. Each has cookies and storage of its own. */
export class Screens {
  private open_: Screen[] = []
  private kept = new Map<string, Screen>()

  constructor(private browser: Browser, private house: House) {}

  /** A window in which somebody is signed in; null = nobody. */
  async open(login: Login | null, { language = 'zh', ...options }: ScreenOptions = {}): Promise<Screen> {
    const context = await this.browser.newContext({ ...options, ...(login ? { storageState: await this.house.state(login, language) } : {}) })
    const page = await context.newPage()
    const screen = { page, trouble: watch(page) }
    this.open_.push(screen)
    return screen
  }

  /** A window that the tests of a worker share, as it would be if it were fresh: opening one costs more than most looks at a page. */
  async again(login: Login | null, options: ScreenOptions = {}): Promise<Screen> {
    const key = JSON.stringify([login, options])
    const screen = this.kept.get(key) ?? (await this.open(login, options))
    this.kept.set(key, screen)
    screen.trouble.uncaught.length = screen.trouble.other.length = 0
    await screen.page.emulateMedia({ colorScheme: 'light' })
    await screen.page.setViewportSize({ width: 1440, height: 900 })
    return screen
  }

  async close() {
    this.kept.clear()
    const uncaught = this.open_.flatMap((s) => s.trouble.uncaught)
    for (const { page } of this.open_) await page.context().close()
    this.open_ = []
    expect(uncaught, 'errors that nobody caught').toEqual([])
  }
}

interface Own {
  screens: Screens
  /** Opens a window in which somebody is signed in. */
  as: (login: Login, options?: ScreenOptions) => Promise<Page>
}
interface Shared {
  house: House
  /** Windows that stay open from test to test. */
  windows: Screens
}

export const test = base.extend<Own, Shared>({
  house: [
    async ({}, use) => {
      const url = process.env.STEWARD_E2E_URL
      if (!url) throw new Error('STEWARD_E2E_URL is not set: run the tests with scripts/e2e.sh')
      const house = new House(url)
      await use(house)
      await house.close()
    },
    { scope: 'worker' },
  ],
  windows: [
    async ({ browser, house }, use) => {
      const windows = new Screens(browser, house)
      await use(windows)
      await windows.close()
    },
    { scope: 'worker' },
  ],
  screens: async ({ browser, house }, use) => {
    const screens = new Screens(browser, house)
    await use(screens)
    await screens.close()
  },
  as: async ({ screens }, use) => use(async (login, options) => (await screens.open(login, options)).page),
})

/** Until the page shows its content instead of grey lines. */
export async function settled(page: Page) {
  await expect(page.getByRole('status', { name: /^(正在读取|Loading)/ })).toHaveCount(0)
}
