import type { ReactNode } from 'react'
import { cx } from '../lib/cx'
import css from './Chip.module.css'

/** A quiet label: 一级故障, 调休上班日. Colour only where it informs. */
export const Chip = ({ children, tone, icon }: { children: ReactNode; tone?: 'amber' | 'red' | 'green' | 'accent'; icon?: ReactNode }) => (
  <span className={cx(css.chip, tone && css[tone])}>{icon}{children}</span>
)
