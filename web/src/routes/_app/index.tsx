import { createFileRoute } from '@tanstack/react-router'
import { workQuery } from '@/api/queries'
import { WorkPage } from '@/features/work/WorkPage'

export const Route = createFileRoute('/_app/')({
  loader: ({ context }) => context.queryClient.ensureQueryData(workQuery),
  component: WorkPage,
})
