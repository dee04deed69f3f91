import { useQueryClient } from '@tanstack/react-query'
import { sessionQuery } from '@/api/session'
import { useM } from '@/shared/lib/i18n'
import { Gate } from './Gate'
import { PasswordForm } from '@/shared/ui/PasswordForm'

/** After a password was given by somebody else: choose one's own before anything else. */
export function MustChange({ onDone }: { onDone: () => void }) {
  const m = useM()
  const client = useQueryClient()
  const done = async () => {
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
    onDone()
  }
  return (
    <Gate title={m.session.changePassword} text={m.session.mustChange}>
      <PasswordForm onDone={() => void done()} />
    </Gate>
  )
}
