import { createFileRoute } from '@tanstack/react-router'
import { PolicyPage } from '@/features/admin/PolicyPage'

export const Route = createFileRoute('/_app/admin/policy')({ component: PolicyPage })
