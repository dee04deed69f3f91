import { createFileRoute } from '@tanstack/react-router'
import { CalendarsPage } from '@/features/calendars/CalendarsPage'

export const Route = createFileRoute('/_app/calendars/')({ component: CalendarsPage })
