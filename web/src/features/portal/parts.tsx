import { Camera, RotateCw, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { say } from '@/api/problem'
import type { StripStep } from '@/api/types'
import { upload } from '@/shared/form/upload'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { hm, moment, sameDay } from '@/shared/lib/time'
import { Button, IconButton } from '@/shared/ui/Button'
import css from './portal.module.css'

/** Where a report stands, in plain steps. */
export function Steps({ steps, times }: { steps: StripStep[]; times?: boolean }) {
  const m = useM()
  const now = useNow()
  return (
    <ol className={css.steps} aria-label={m.portal.steps} style={{ gridTemplateColumns: `repeat(${steps.length || 1}, minmax(0, 1fr))` }}>
      {steps.map((s) => (
        <li key={s.code} className={cx(css.step, css[s.phase])} aria-current={s.phase === 'current' ? 'step' : undefined}>
          {s.label}
          {times && s.at && s.phase === 'done' && <span className={cx(css.stepTime, 'num')}> {sameDay(s.at, now) ? hm(s.at) : moment(s.at, now)}</span>}
        </li>
      ))}
    </ol>
  )
}

export interface Photo {
  key: string
  name: string
  part: number
  id?: string
  error?: string
  preview?: string
  file: File
}

/** Photos on their way up: each with its picture, its progress, and again when it failed. */
export function usePhotos() {
  const m = useM()
  const [photos, setPhotos] = useState<Photo[]>([])
  const made = useRef<string[]>([])
  useEffect(() => () => made.current.forEach((u) => URL.revokeObjectURL(u)), [])
  const patch = (key: string, p: Partial<Photo>) => setPhotos((all) => all.map((x) => (x.key === key ? { ...x, ...p } : x)))
  const start = (photo: Photo) =>
    upload(photo.file, (part) => patch(photo.key, { part })).then(
      (f) => patch(photo.key, { id: f.id, part: 1 }),
      (e: unknown) => patch(photo.key, { error: say(e, m.error.network) }),
    )
  const add = (files: FileList | File[], most = 10) => {
    for (const file of [...files].slice(0, Math.max(0, most - photos.length))) {
      const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : undefined
      if (preview) made.current.push(preview)
      const photo: Photo = { key: `${file.name}-${Math.random()}`, name: file.name, part: 0, file, ...(preview ? { preview } : {}) }
      setPhotos((all) => [...all, photo])
      void start(photo)
    }
  }
  return {
    photos,
    add,
    retry: (p: Photo) => {
      setPhotos((all) => all.map((x) => (x.key === p.key ? { key: x.key, name: x.name, file: x.file, part: 0, ...(x.preview ? { preview: x.preview } : {}) } : x)))
      void start(p)
    },
    remove: (key: string) => setPhotos((all) => all.filter((x) => x.key !== key)),
    clear: () => setPhotos([]),
    ids: photos.flatMap((p) => p.id ?? []),
    sending: photos.some((p) => !p.id && !p.error),
  }
}

export function PhotoList({ photos, onRemove, onRetry }: { photos: Photo[]; onRemove: (key: string) => void; onRetry: (p: Photo) => void }) {
  const m = useM()
  if (photos.length === 0) return null
  return (
    <ul className={css.photos}>
      {photos.map((p) => (
        <li key={p.key} className={css.photo}>
          {p.preview ? <img src={p.preview} alt={p.name} /> : <span className={css.fileName}>{p.name}</span>}
          {!p.id && !p.error && <span className={css.progress} role="progressbar" aria-label={m.portal.uploading(p.name)} aria-valuenow={Math.round(p.part * 100)} aria-valuemin={0} aria-valuemax={100}><span style={{ width: `${p.part * 100}%` }} /></span>}
          {p.error && (
            <span className={css.photoError} role="alert">
              <span className="sr">{m.portal.failed(p.name)} {p.error}</span>
              <Button size="small" icon={<RotateCw size={14} strokeWidth={1.75} />} onClick={() => onRetry(p)}>{m.portal.tryAgain}</Button>
            </span>
          )}
          <IconButton small className={css.photoRemove} label={m.portal.removePhoto(p.name)} icon={<X size={14} strokeWidth={2} />} onClick={() => onRemove(p.key)} />
        </li>
      ))}
    </ul>
  )
}

/** Takes a picture with the phone, or chooses some. */
export function PhotoButton({ onAdd, label, any }: { onAdd: (files: FileList) => void; label: string; any?: boolean }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input ref={input} type="file" accept={any ? undefined : 'image/*'} multiple hidden onChange={(e) => (e.target.files && onAdd(e.target.files), (e.target.value = ''))} />
      <Button icon={<Camera size={16} strokeWidth={1.75} />} onClick={() => input.current?.click()}>{label}</Button>
    </>
  )
}
