import { createFileRoute } from '@tanstack/react-router'
import { PreferencesPage } from '@/features/notifications/PreferencesPage'

export const Route = createFileRoute('/_app/notifications_/preferences')({ component: PreferencesPage })
