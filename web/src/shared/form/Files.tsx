import { Paperclip, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { say } from '@/api/problem'
import { useM } from '../lib/i18n'
import { Button, IconButton } from '../ui/Button'
import { FileChip } from './FieldValue'
import css from './form.module.css'
import type { EditorProps } from './FormFields'
import { upload } from './upload'

interface Sending {
  key: string
  name: string
  part: number
  error?: string
}

/** Files by choosing or dropping; each shows its progress and stays when another fails. */
export function Files({ field: f, value, onChange, names = {}, a11y }: EditorProps) {
  const m = useM()
  const ids = Array.isArray(value) ? (value as string[]) : []
  const latest = useRef(ids)
  latest.current = ids
  const [own, setOwn] = useState<Record<string, string>>({})
  const [sending, setSending] = useState<Sending[]>([])
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)

  const add = (files: FileList | File[]) => {
    for (const file of files) {
      const key = `${file.name}-${file.size}-${Date.now()}-${Math.random()}`
      setSending((s) => [...s, { key, name: file.name, part: 0 }])
      const patch = (p: Partial<Sending>) => setSending((s) => s.map((x) => (x.key === key ? { ...x, ...p } : x)))
      upload(file, (part) => patch({ part })).then(
        (done) => {
          setSending((s) => s.filter((x) => x.key !== key))
          setOwn((o) => ({ ...o, [done.id]: done.name }))
          latest.current = [...latest.current, done.id]
          onChange(latest.current)
        },
        (e: unknown) => patch({ error: say(e, m.error.network) }),
      )
    }
  }
  return (
    <div
      onDragOver={(e) => (e.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault()
        setOver(false)
        add(e.dataTransfer.files)
      }}
    >
      {(ids.length > 0 || sending.length > 0) && (
        <ul className={css.files}>
          {ids.map((id) => {
            const name = own[id] ?? names[id] ?? id
            return (
              <li key={id} className={css.file}>
                <FileChip id={id} name={name} />
                <IconButton small label={m.app.remove(name)} icon={<X size={14} strokeWidth={1.75} />} onClick={() => onChange(ids.length === 1 ? null : ids.filter((x) => x !== id))} />
              </li>
            )
          })}
          {sending.map((s) => (
            <li key={s.key} className={css.file} role="status">
              <span className="clip">{s.name}</span>
              {s.error ? <span className={css.cellError}>{s.error}</span> : <span className={css.progress} aria-label={m.composer.uploading(s.name)}><span style={{ width: `${s.part * 100}%` }} /></span>}
              {s.error && <IconButton small label={m.app.remove(s.name)} icon={<X size={14} strokeWidth={1.75} />} onClick={() => setSending((all) => all.filter((x) => x.key !== s.key))} />}
            </li>
          ))}
        </ul>
      )}
      <div className={css.drop} data-over={over ? '' : undefined}>
        <input ref={input} type="file" multiple hidden accept={f.accept?.join(',') || undefined} onChange={(e) => (e.target.files && add(e.target.files), (e.target.value = ''))} />
        <Button {...a11y} size="small" icon={<Paperclip size={14} strokeWidth={1.75} />} onClick={() => input.current?.click()}>{m.form.addFiles}</Button>
        <span>{m.form.dropFiles}</span>
      </div>
    </div>
  )
}
