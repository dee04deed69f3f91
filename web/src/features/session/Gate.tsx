import type { ReactNode } from 'react'
import { setLang, useLang, useM } from '@/shared/lib/i18n'
import css from './Gate.module.css'

/** The frame of the pages before signing in. */
export function Gate({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  const m = useM()
  const language = useLang()
  const other = language === 'zh-CN' ? 'en-US' : 'zh-CN'
  return (
    <div className={css.page}>
      <main className={css.card}>
        <div className={css.brand}>
          <span className={css.mark} aria-hidden>{m.app.mark}</span>
          <span>{m.app.name}</span>
          <button type="button" className={css.lang} lang={other} onClick={() => void setLang(other)}>{other === 'en-US' ? 'English' : '中文'}</button>
        </div>
        <h1 className={css.title}>{title}</h1>
        {text && <p className={css.text}>{text}</p>}
        {children}
      </main>
    </div>
  )
}
