import { createStore, useStore } from './store'

export type ThemeChoice = 'system' | 'light' | 'dark'
export type Theme = 'light' | 'dark'

const key = 'steward.theme'
const media = matchMedia('(prefers-color-scheme: dark)')
const stored = localStorage.getItem(key)

const choice = createStore<ThemeChoice>(stored === 'light' || stored === 'dark' ? stored : 'system')
const resolve = (): Theme => (choice.get() === 'system' ? (media.matches ? 'dark' : 'light') : (choice.get() as Theme))
const theme = createStore<Theme>(resolve())

function apply() {
  const next = resolve()
  document.documentElement.dataset.theme = next
  const canvas = getComputedStyle(document.documentElement).getPropertyValue('--canvas').trim()
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', canvas)
  theme.set(next)
}

media.addEventListener('change', apply)
choice.subscribe(apply)
apply()

/** Chooses light, dark, or what the system says; remembered in this browser. */
export function setTheme(next: ThemeChoice) {
  localStorage.setItem(key, next)
  choice.set(next)
}

export const useTheme = () => useStore(theme)
export const useThemeChoice = () => useStore(choice)
