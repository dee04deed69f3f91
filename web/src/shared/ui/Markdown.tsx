import { lazy, Suspense } from 'react'
import css from './Markdown.module.css'

const Rich = lazy(() => import('./MarkdownRich'))
const marks = /[*_`#>|~]|\[[^\]]*\]\(|https?:\/\/|^\s*(?:[-+]|\d+\.)\s/m

/** Text people write. The heavy part loads only where there is markup; HTML in it is never run. */
export function Markdown({ text }: { text: string }) {
  const plain = <div className={css.plain}>{text}</div>
  return marks.test(text) ? <Suspense fallback={plain}><Rich text={text} /></Suspense> : plain
}
