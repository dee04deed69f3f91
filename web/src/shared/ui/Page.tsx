import type { ReactNode } from 'react'
import { cx } from '../lib/cx'
import css from './Page.module.css'

interface Props {
  title: ReactNode
  sub?: ReactNode
  /** At the right of the title. */
  tools?: ReactNode
  /** Between head and body: filters. */
  bar?: ReactNode
  /** Space around the body, for what is no table. */
  padded?: boolean
  children: ReactNode
}

/** Head and body of a page that is no record: title, what can be done, and what is there. */
export const PageFrame = ({ title, sub, tools, bar, padded, children }: Props) => (
  <div className={css.page}>
    <header className={css.head}>
      <div className={css.titles}>
        <h1>{title}</h1>
        {sub && <div className={css.sub}>{sub}</div>}
      </div>
      {tools && <div className={css.tools}>{tools}</div>}
    </header>
    {bar}
    <div className={cx(css.body, padded && css.padded)}>{children}</div>
  </div>
)

/** Class names of links that stand as tabs under the head. */
export const pageTabs = { nav: css.tabs ?? '', tab: css.tab ?? '', on: css.on ?? '' }
