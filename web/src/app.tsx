import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { useMemo, type ReactNode } from 'react'
import { Problem } from './api/problem'
import { antdConfig } from './shared/lib/antd'
import { useLang, useM } from './shared/lib/i18n'
import { useTheme } from './shared/lib/theme'
import { Button } from './shared/ui/Button'
import { EmptyState, ErrorState, Skeleton } from './shared/ui/Empty'
import { Toasts } from './shared/ui/Toast'

/** Theme and language around every page. */
export function App({ children }: { children: ReactNode }) {
  const theme = useTheme()
  const language = useLang()
  const config = useMemo(() => antdConfig(theme), [theme])
  return (
    <ConfigProvider theme={config} locale={language === 'zh-CN' ? zhCN : enUS} button={{ autoInsertSpace: false }} wave={{ disabled: true }}>
      {children}
      <Toasts />
    </ConfigProvider>
  )
}

export const Waiting = () => <Skeleton />

export function NotFound() {
  const m = useM()
  return <EmptyState action={<Link to="/">{m.app.toWork}</Link>}>{m.app.notFound}</EmptyState>
}

/** Whatever a page throws ends here: the rest of the app stays usable. */
export function Crash({ error, reset }: ErrorComponentProps) {
  const m = useM()
  if (error instanceof Problem) return error.status === 404 ? <NotFound /> : <ErrorState error={error} onRetry={reset} />
  if (error instanceof TypeError && /fetch|import|load/i.test(error.message)) return <ErrorState error={error} onRetry={() => location.reload()} />
  return <EmptyState action={<Button onClick={() => location.reload()}>{m.app.reload}</Button>}>{m.app.crashed}</EmptyState>
}
