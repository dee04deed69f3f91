import { createFileRoute } from '@tanstack/react-router'
import { RulesPage } from '@/features/alert/RulesPage'

export const Route = createFileRoute('/_app/alerts/rules')({ component: RulesPage })
