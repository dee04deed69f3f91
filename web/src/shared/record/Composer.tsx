import { useQueryClient } from '@tanstack/react-query'
import { Lock, Paperclip, Send, X } from 'lucide-react'
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react'
import { api, onceKey } from '@/api/client'
import { say } from '@/api/problem'
import type { Entry, FileRef, RecordView } from '@/api/types'
import { upload } from '../form/upload'
import { cx } from '../lib/cx'
import { useM } from '../lib/i18n'
import { useKeys } from '../lib/keys'
import { Button, IconButton } from '../ui/Button'
import { Kbd } from '../ui/Kbd'
import { TextArea } from '../ui/Field'
import css from './Composer.module.css'

export interface ComposerHandle {
  /** Takes the focus, as a reply or as a note. */
  open: (kind: 'public' | 'internal') => void
}

interface Draft {
  text: string
  internal: boolean
}
const key = (number: string) => `steward.draft.${number}`
const load = (number: string): Draft | null => {
  try {
    return JSON.parse(localStorage.getItem(key(number)) ?? 'null') as Draft | null
  } catch {
    return null
  }
}

/** A reply to the customer (blue) or an internal note (cream, dashed, locked). The draft stays in this browser. `replyOnly` for the portal. */
export function Composer({ record, replyOnly, ref }: { record: RecordView; replyOnly?: boolean; ref?: Ref<ComposerHandle> }) {
  const m = useM()
  const client = useQueryClient()
  const canPublic = record.can?.comment !== false
  const canInternal = !replyOnly && record.can?.comment_internal !== false
  const draft = load(record.number)
  const [text, setText] = useState(draft?.text ?? '')
  const [internal, setInternal] = useState(canInternal && (draft?.internal ?? !canPublic))
  const [files, setFiles] = useState<FileRef[]>([])
  const [sending, setSending] = useState<string[]>([])
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const once = useRef(onceKey())
  const area = useRef<HTMLTextAreaElement>(null)
  const input = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (text) localStorage.setItem(key(record.number), JSON.stringify({ text, internal }))
    else localStorage.removeItem(key(record.number))
  }, [text, internal, record.number])
  useImperativeHandle(ref, () => ({
    open: (kind) => {
      if (canInternal && canPublic) setInternal(kind === 'internal')
      area.current?.focus()
      area.current?.scrollIntoView({ block: 'nearest' })
    },
  }))
  useKeys(
    [{ keys: 'alt+i', label: m.keys.toggle, group: m.keys.record, run: () => canInternal && canPublic && (setInternal(!internal), area.current?.focus()) }],
    { off: !canInternal || !canPublic },
  )
  if (!canPublic && !canInternal) return null

  const attach = (list: FileList) => {
    for (const file of list) {
      setSending((s) => [...s, file.name])
      upload(file, () => {})
        .then((f) => setFiles((all) => [...all, f]))
        .catch((e: unknown) => setError(say(e, m.error.network)))
        .finally(() => setSending((s) => s.filter((n) => n !== file.name)))
    }
  }
  const post = async () => {
    if ((!text.trim() && files.length === 0) || busy || sending.length > 0) return
    setBusy(true)
    setError('')
    try {
      await api.post<Entry>(`/${record.plural}/${record.number}/comments`, { body: text.trim(), public: !internal, attachments: files.map((f) => f.id) }, { once: once.current })
      once.current = onceKey()
      setText('')
      setFiles([])
      await client.invalidateQueries({ queryKey: [`record:${record.number}`] })
    } catch (e) {
      setError(say(e, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  const to = record.requester?.name
  return (
    <section className={cx(css.box, internal ? css.internal : css.public)} aria-label={m.composer.label}>
      {!replyOnly && (
        <div className={css.head}>
          <div className={css.kinds} role="radiogroup" aria-label={m.composer.label}>
            {canPublic && (
              <button type="button" role="radio" aria-checked={!internal} className={css.kind} onClick={() => (setInternal(false), area.current?.focus())}>
                <Send size={14} strokeWidth={1.75} aria-hidden />{m.composer.public}
              </button>
            )}
            {canInternal && (
              <button type="button" role="radio" aria-checked={internal} className={css.kind} onClick={() => (setInternal(true), area.current?.focus())}>
                <Lock size={14} strokeWidth={1.75} aria-hidden />{m.composer.internal}
              </button>
            )}
          </div>
          <span className={css.hint}>{internal ? m.composer.internalHint : to ? m.composer.publicHint(to) : m.composer.publicHintPlain}</span>
          {canInternal && canPublic && <span className={css.switch}>{m.composer.switch} <Kbd k="alt+i" /></span>}
        </div>
      )}
      <TextArea
        ref={area}
        className={css.area}
        rows={2}
        aria-label={internal ? m.composer.internal : m.composer.public}
        placeholder={internal ? m.composer.internalPlaceholder : m.composer.publicPlaceholder}
        value={text}
        onChange={(e) => setText(e.target.value)}
        onPaste={(e) => e.clipboardData.files.length > 0 && (e.preventDefault(), attach(e.clipboardData.files))}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
            e.preventDefault()
            void post()
          }
          if (e.key === 'Escape') {
            e.stopPropagation()
            area.current?.blur()
          }
        }}
      />
      {(files.length > 0 || sending.length > 0) && (
        <ul className={css.files}>
          {files.map((f) => (
            <li key={f.id}>
              {f.name}
              <IconButton small label={m.app.remove(f.name)} icon={<X size={13} strokeWidth={1.75} />} onClick={() => setFiles(files.filter((x) => x.id !== f.id))} />
            </li>
          ))}
          {sending.map((n) => <li key={n} className="muted" role="status">{m.composer.uploading(n)}</li>)}
        </ul>
      )}
      {error && <p className={css.error} role="alert">{error}</p>}
      <div className={css.foot}>
        <input ref={input} type="file" multiple hidden onChange={(e) => (e.target.files && attach(e.target.files), (e.target.value = ''))} />
        <Button kind="quiet" icon={<Paperclip size={15} strokeWidth={1.75} />} onClick={() => input.current?.click()}>{m.composer.attach}</Button>
        {text && <span className={css.draft}>{m.composer.draft}</span>}
        <Button kind={internal ? 'default' : 'primary'} className={css.send} k="mod+enter" busy={busy} onClick={() => void post()}>{internal ? m.composer.saveNote : m.composer.send}</Button>
      </div>
    </section>
  )
}
