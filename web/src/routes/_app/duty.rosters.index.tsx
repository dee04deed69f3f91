import { createFileRoute } from '@tanstack/react-router'
import { RostersPage } from '@/features/duty/RostersPage'

export const Route = createFileRoute('/_app/duty/rosters/')({ component: RostersPage })
