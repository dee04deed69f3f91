import { ConfigProvider } from 'antd'
import type { ReactNode, RefObject } from 'react'

/** Opens antd's dropdowns inside a dialog or popover, so that they are not hidden behind it. */
export const PopupScope = ({ root, children }: { root: RefObject<HTMLElement | null>; children: ReactNode }) => (
  <ConfigProvider getPopupContainer={() => root.current ?? document.body}>{children}</ConfigProvider>
)
