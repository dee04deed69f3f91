import { zhCN } from '@/locales/zh-CN'
import type { Lang, Messages } from '@/locales/types'
import { createStore, useStore } from './store'

interface Locale {
  lang: Lang
  m: Messages
}

const load: Record<Lang, () => Promise<Messages>> = {
  'zh-CN': () => Promise.resolve(zhCN),
  'en-US': () => import('@/locales/en-US').then((x) => x.enUS),
}

const locale = createStore<Locale>({ lang: 'zh-CN', m: zhCN })

/** Switches the whole app to a language and remembers it in this browser. */
export async function setLang(lang: Lang) {
  const m = await load[lang]()
  localStorage.setItem('steward.lang', lang)
  document.documentElement.lang = lang
  document.title = m.app.name
  locale.set({ lang, m })
}

/** The catalogue outside components. */
export const messages = () => locale.get().m
export const lang = () => locale.get().lang

/** The catalogue inside components: `const m = useM()`. */
export const useM = () => useStore(locale).m
export const useLang = () => useStore(locale).lang

/** A label the server gives in both languages, or in the caller's one. */
export type Label = string | { zh: string; en: string }
export const pick = (label: Label | undefined | null): string =>
  !label ? '' : typeof label === 'string' ? label : lang() === 'zh-CN' ? label.zh : label.en
