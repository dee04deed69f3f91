import { Problem, say } from '@/api/problem'
import { useM } from '@/shared/lib/i18n'
import css from './ProblemNote.module.css'

/** What went wrong with the whole of a page, and every field the server names. */
export function ProblemNote({ problem }: { problem: unknown }) {
  const m = useM()
  if (!problem) return null
  return (
    <div className={css.note} role="alert">
      {problem instanceof Problem && problem.stale ? m.admin.stale : say(problem, m.error.network)}
      {problem instanceof Problem && problem.errors.map((e) => <div key={e.field}>{e.detail}</div>)}
    </div>
  )
}
