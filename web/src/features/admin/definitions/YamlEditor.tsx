import { useImperativeHandle, useMemo, useRef, type KeyboardEvent, type Ref } from 'react'
import css from '../admin.module.css'

export interface EditorHandle {
  goTo: (line: number) => void
}

interface Props {
  value: string
  onChange?: ((v: string) => void) | undefined
  label: string
  bad: Set<number>
  ref?: Ref<EditorHandle>
}

const lineHeight = 20

/** Plain text with line numbers; lines with a mistake are marked. Tab moves on, Ctrl ] and Ctrl [ indent. */
export function YamlEditor({ value, onChange, label, bad, ref }: Props) {
  const area = useRef<HTMLTextAreaElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const lines = useMemo(() => value.split('\n'), [value])
  useImperativeHandle(ref, () => ({
    goTo: (line) => {
      const el = area.current
      if (!el) return
      const start = lines.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0)
      el.focus({ preventScroll: true })
      el.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0))
      box.current?.scrollTo({ top: Math.max(0, (line - 6) * lineHeight), behavior: 'smooth' })
    },
  }))
  const onKey = (e: KeyboardEvent<HTMLTextAreaElement>) => {
    if (!onChange || !(e.ctrlKey || e.metaKey) || (e.key !== ']' && e.key !== '[')) return
    e.preventDefault()
    const el = e.currentTarget
    const from = value.lastIndexOf('\n', el.selectionStart - 1) + 1
    const block = value.slice(from, el.selectionEnd)
    const next = e.key === ']' ? block.replace(/^/gm, '  ') : block.replace(/^ {1,2}/gm, '')
    onChange(value.slice(0, from) + next + value.slice(el.selectionEnd))
    requestAnimationFrame(() => el.setSelectionRange(from, from + next.length))
  }
  const widest = useMemo(() => Math.max(40, ...lines.map((l) => l.length)), [lines])
  return (
    <div className={css.editor} ref={box}>
      <div className={css.gutter} aria-hidden>
        {lines.map((_, i) => <div key={i}>{bad.has(i + 1) ? <span className={css.gutterBad}>{i + 1}</span> : i + 1}</div>)}
      </div>
      <textarea
        ref={area}
        aria-label={label}
        aria-invalid={bad.size > 0 || undefined}
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        wrap="off"
        readOnly={!onChange}
        value={value}
        rows={lines.length}
        cols={widest + 2}
        onChange={(e) => onChange?.(e.target.value)}
        onKeyDown={onKey}
      />
    </div>
  )
}
