import { X } from 'lucide-react'
import type { ReactNode, Ref } from 'react'
import css from './FilterToken.module.css'

interface Props {
  field: string
  op?: string | undefined
  value: ReactNode
  onEdit: () => void
  onRemove: () => void
  removeLabel: string
  ref?: Ref<HTMLButtonElement>
}

/** One filter, read as a sentence: 状态 | 是 | 未关闭. */
export function FilterToken({ field, op, value, onEdit, onRemove, removeLabel, ref }: Props) {
  return (
    <span className={css.token}>
      <button type="button" className={css.body} onClick={onEdit} ref={ref}>
        <span className={css.part}>{field}</span>
        {op && <span className={css.part}>{op}</span>}
        <span className={css.value}>{value}</span>
      </button>
      <button type="button" className={css.remove} aria-label={removeLabel} title={removeLabel} onClick={onRemove}>
        <X size={13} strokeWidth={1.75} />
      </button>
    </span>
  )
}
