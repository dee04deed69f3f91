import { createFileRoute } from '@tanstack/react-router'
import { TemplatesPage } from '@/features/notifications/TemplatesPage'

export const Route = createFileRoute('/_app/admin/templates')({ component: TemplatesPage })
