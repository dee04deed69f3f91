import { createFileRoute } from '@tanstack/react-router'
import { PrioritiesPage } from '@/features/admin/PrioritiesPage'

export const Route = createFileRoute('/_app/admin/priorities')({ component: PrioritiesPage })
