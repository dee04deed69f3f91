import { useState, type ReactNode } from 'react'
import { useM } from '../lib/i18n'
import { Button } from './Button'
import { Dialog } from './Dialog'

/** Asks once, naming what cannot be undone. The button repeats the verb. */
export function Confirm({ title, children, action, danger, onConfirm, onClose }: { title: string; children?: ReactNode; action: string; danger?: boolean; onConfirm: () => void | Promise<void>; onClose: () => void }) {
  const m = useM()
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    try {
      await onConfirm()
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={title}
      onClose={onClose}
      foot={
        <>
          <Button kind={danger ? 'danger' : 'primary'} busy={busy} onClick={() => void run()} data-autofocus>{action}</Button>
          <Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button>
        </>
      }
    >
      {children}
    </Dialog>
  )
}
