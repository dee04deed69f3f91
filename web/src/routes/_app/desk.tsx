import { createFileRoute } from '@tanstack/react-router'
import { DeskPage } from '@/features/desk/DeskPage'

/** A telephone system may open it with the number: /desk?phone=05718620&rings=2. */
export const Route = createFileRoute('/_app/desk')({
  validateSearch: (s: Record<string, unknown>): { phone?: string; rings?: string } => ({
    ...(s.phone != null && s.phone !== '' ? { phone: String(s.phone).slice(0, 40) } : {}),
    ...(s.rings != null && s.rings !== '' ? { rings: String(s.rings).slice(0, 2) } : {}),
  }),
  component: function Page() {
    const { phone, rings } = Route.useSearch()
    return <DeskPage number={phone} rings={rings} key={phone ?? ''} />
  },
})
