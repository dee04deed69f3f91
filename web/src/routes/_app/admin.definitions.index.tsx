import { createFileRoute } from '@tanstack/react-router'
import { DefinitionsPage } from '@/features/admin/definitions/DefinitionsPage'

export const Route = createFileRoute('/_app/admin/definitions/')({ component: DefinitionsPage })
