import type { zhCN } from './zh-CN'

export type Lang = 'zh-CN' | 'en-US'

type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Widen<T[K]> }

/** What every catalogue must have. A key missing in one language does not compile. */
export type Messages = Widen<typeof zhCN>
