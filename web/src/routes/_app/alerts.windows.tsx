import { createFileRoute } from '@tanstack/react-router'
import { WindowsPage } from '@/features/alert/WindowsPage'

export const Route = createFileRoute('/_app/alerts/windows')({ component: WindowsPage })
