import { useState } from 'react'
import type { Finding, Roster } from '@/api/duty'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Dialog } from '@/shared/ui/Dialog'
import { Field, Input } from '@/shared/ui/Field'
import { toast } from '@/shared/ui/Toast'
import css from './duty.module.css'

/** Puts a roster in force; what the check found and may be put up with is accepted by name. */
export function PublishDialog({ roster, findings, onClose, onDone }: { roster: Roster; findings: Finding[]; onClose: () => void; onDone: () => void }) {
  const m = useM()
  const codes = [...new Set(findings.filter((f) => !f.hard).map((f) => f.code))]
  const [accepted, setAccepted] = useState<string[]>([])
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState('')
  const open = codes.filter((c) => !accepted.includes(c))
  const publish = async () => {
    if (open.length > 0) return setFailed(m.duty.acceptFirst(open.length))
    setBusy(true)
    setFailed('')
    try {
      await api.post(`/rosters/${roster.id}/publish`, { accept: accepted, note: note.trim() || undefined }, { version: roster.version })
      toast(m.duty.publishedToast(roster.name))
      onDone()
    } catch (e) {
      setFailed(e instanceof Problem && e.stale ? m.duty.stale : say(e, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={m.duty.publishTitle(roster.name, roster.published + 1)}
      onClose={onClose}
      onSubmit={() => void publish()}
      foot={<><Button type="submit" kind="primary" busy={busy} k="mod+enter">{m.duty.publishN(roster.published + 1)}</Button><Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button></>}
    >
      <div className={css.stack}>
        <p>{m.duty.publishHint}</p>
        {codes.length > 0 && (
          <div role="group" aria-label={m.duty.acceptTitle} className={css.stack}>
            <b>{m.duty.acceptTitle}</b>
            {codes.map((code) => (
              <div key={code}>
                <Checkbox label={m.duty.accept(m.duty.codes[code] ?? code, findings.filter((f) => f.code === code).length)} checked={accepted.includes(code)} onChange={(e) => setAccepted(e.target.checked ? [...accepted, code] : accepted.filter((x) => x !== code))} />
                <ul className={css.inset}>{findings.filter((f) => f.code === code).map((f, i) => <li key={i} className="sub">{f.text}</li>)}</ul>
              </div>
            ))}
          </div>
        )}
        <Field label={m.duty.note} stacked>{(a) => <Input {...a} value={note} maxLength={500} onChange={(e) => setNote(e.target.value)} />}</Field>
        {failed && <p role="alert" className={css.red}>{failed}</p>}
      </div>
    </Dialog>
  )
}
