import { Copy } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Dialog } from '@/shared/ui/Dialog'
import { Input } from '@/shared/ui/Field'
import { toast } from '@/shared/ui/Toast'
import css from './duty.module.css'

/** The address a calendar program subscribes to: shown once, and ended by making another. */
export function FeedDialog({ path, title, onClose }: { path: string; title: string; onClose: () => void }) {
  const m = useM()
  const [url, setUrl] = useState('')
  const [busy, setBusy] = useState(false)
  const make = async () => {
    setBusy(true)
    try {
      const feed = await api.post<{ path: string; url: string }>(path, {})
      setUrl(feed.url.startsWith('http') ? feed.url : location.origin + feed.path)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    } finally {
      setBusy(false)
    }
  }
  const end = async () => {
    try {
      await api.delete(path)
      toast(m.duty.feedEnded)
      onClose()
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
  }
  const copy = async () => {
    await navigator.clipboard.writeText(url)
    toast(m.app.copied(m.duty.feedAddress))
  }
  return (
    <Dialog
      title={title}
      onClose={onClose}
      foot={url
        ? <><Button kind="primary" icon={<Copy size={15} strokeWidth={1.75} />} onClick={() => void copy()} data-autofocus>{m.app.copy(m.duty.feedAddress)}</Button><Button kind="quiet" onClick={onClose}>{m.app.close}</Button></>
        : <><Button kind="primary" busy={busy} onClick={() => void make()} data-autofocus>{m.duty.feedMake}</Button><Button kind="quiet" onClick={() => void end()}>{m.duty.feedEnd}</Button></>}
    >
      <div className={css.stack}>
        <p>{m.duty.feedHint}</p>
        {url && <Input readOnly value={url} aria-label={m.duty.feedAddress} onFocus={(e) => e.target.select()} />}
        <p className="muted">{url ? m.duty.feedOnce : m.duty.feedAnew}</p>
      </div>
    </Dialog>
  )
}
