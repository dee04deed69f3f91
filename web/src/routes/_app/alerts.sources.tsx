import { createFileRoute } from '@tanstack/react-router'
import { SourcesPage } from '@/features/alert/SourcesPage'

export const Route = createFileRoute('/_app/alerts/sources')({ component: SourcesPage })
