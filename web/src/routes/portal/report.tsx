import { createFileRoute } from '@tanstack/react-router'
import { NewByPlural } from '@/features/portal/NewReportPage'

export const Route = createFileRoute('/portal/report')({ component: () => <NewByPlural plural="incidents" /> })
