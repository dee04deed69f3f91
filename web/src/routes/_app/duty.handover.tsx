import { createFileRoute } from '@tanstack/react-router'
import { HandoverPage } from '@/features/duty/HandoverPage'

export const Route = createFileRoute('/_app/duty/handover')({ component: HandoverPage })
