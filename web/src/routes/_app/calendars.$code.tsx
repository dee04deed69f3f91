import { createFileRoute } from '@tanstack/react-router'
import { CalendarPage } from '@/features/calendars/CalendarPage'

/** `+` is a new one: no code begins with it. */
export const Route = createFileRoute('/_app/calendars/$code')({
  component: function Page() {
    const { code } = Route.useParams()
    return <CalendarPage code={code} />
  },
})
