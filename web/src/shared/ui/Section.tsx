import type { ReactNode } from 'react'
import css from './Section.module.css'

/** A titled part of a side column. */
export const Section = ({ title, aside, children, id }: { title: ReactNode; aside?: ReactNode; children: ReactNode; id?: string }) => (
  <section className={css.section} id={id}>
    <div className={css.head}>
      <h3>{title}</h3>
      {aside && <span className={css.aside}>{aside}</span>}
    </div>
    {children}
  </section>
)

/** Name at the left, value at the right. */
export const Pair = ({ name, children }: { name: ReactNode; children: ReactNode }) => (
  <div className={css.pair}>
    <span className={css.name}>{name}</span>
    <span className={css.value}>{children}</span>
  </div>
)
