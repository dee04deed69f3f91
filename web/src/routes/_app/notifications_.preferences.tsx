import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/_app/notifications_/preferences')({
  component: RouteComponent,
})

function RouteComponent() {
  return <div>Hello "/_app/notifications_/preferences"!</div>
}
