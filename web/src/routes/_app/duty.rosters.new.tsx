import { createFileRoute } from '@tanstack/react-router'
import { NewRosterPage } from '@/features/duty/NewRosterPage'

export const Route = createFileRoute('/_app/duty/rosters/new')({ component: NewRosterPage })
