import './styles/tokens.css'
import './styles/base.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRouter, RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { onSession } from './api/client'
import { Problem } from './api/problem'
import { sessionQuery } from './api/session'
import { App, Crash, NotFound, Waiting } from './app'
import { setLang } from './shared/lib/i18n'
import { parseSearch, stringifySearch } from './shared/lib/search'
import { routeTree } from './routeTree.gen'

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (n, error) => !(error instanceof Problem && error.status < 500) && n < 2,
    },
  },
})

const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 15_000,
  defaultPendingMs: 400,
  defaultPendingComponent: Waiting,
  defaultErrorComponent: Crash,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
  parseSearch,
  stringifySearch,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

onSession({
  signedOut: () => {
    queryClient.removeQueries({ predicate: (q) => q.queryKey[0] !== 'session' })
    queryClient.setQueryData(sessionQuery.queryKey, { session: null, setup: false })
    const back = location.pathname + location.search
    void router.navigate({ to: '/sign-in', search: back === '/' || back.startsWith('/sign-in') ? {} : { back, expired: 'true' } })
  },
  renew: async () => void (await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 })),
})

// A new release replaced the files this tab was loaded from: read the page again, once.
addEventListener('vite:preloadError', (e) => {
  const last = Number(sessionStorage.getItem('steward.reload') ?? 0)
  if (Date.now() - last < 60_000) return
  e.preventDefault()
  sessionStorage.setItem('steward.reload', String(Date.now()))
  location.reload()
})

async function start() {
  await setLang(document.documentElement.lang === 'en-US' ? 'en-US' : 'zh-CN')
  const root = document.getElementById('root')
  if (!root) return
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <App>
          <RouterProvider router={router} />
        </App>
      </QueryClientProvider>
    </StrictMode>,
  )
}

void start()
