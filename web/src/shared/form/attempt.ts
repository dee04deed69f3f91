import { useRef, useState } from 'react'
import { Problem } from '@/api/problem'
import type { FieldMeta } from '@/api/types'
import { useM } from '@/shared/lib/i18n'
import { focusField } from './FormFields'

/**
 * One attempt after another to send a form. What is still open is said and gets the focus instead of being sent; what the
 * server refuses stands at its field, and the first of them gets the focus. `box` is the element the fields are in.
 */
export function useAttempt() {
  const m = useM()
  const box = useRef<HTMLDivElement>(null)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const refused = problem instanceof Problem ? problem : null

  /** What is wrong, by field: what the server said, else what is open once an attempt was made. */
  const errorsOf = (open: FieldMeta[]): Record<string, string> => {
    const errors = { ...(refused?.byField() ?? {}) }
    if (tried) for (const f of open) errors[f.name] ??= m.form.requiredField(f.label)
    return errors
  }
  const attempt = async (open: FieldMeta[], send: () => Promise<unknown>, failed?: () => void) => {
    setTried(true)
    if (busy) return
    if (open[0]) return focusField(open[0].name, box.current ?? document)
    setBusy(true)
    setProblem(null)
    try {
      await send()
    } catch (e) {
      failed?.()
      setProblem(e)
      const first = e instanceof Problem ? Object.keys(e.byField())[0] : undefined
      if (first) requestAnimationFrame(() => focusField(first, box.current ?? document))
    } finally {
      setBusy(false)
    }
  }
  const forget = () => {
    setTried(false)
    setProblem(null)
  }
  return { box, tried, busy, problem, refused, errorsOf, attempt, forget }
}
