import { useEffect, useRef, useState } from 'react'
import SignaturePad from 'signature_pad'
import { say } from '@/api/problem'
import { useM } from '../lib/i18n'
import { Button } from '../ui/Button'
import { FieldValue } from './FieldValue'
import css from './form.module.css'
import type { EditorProps } from './FormFields'
import { upload } from './upload'

/** Signed by drawing, or with one's own account by whoever cannot draw; a stored signature is only shown. */
export function Signature({ field, value, onChange, a11y }: EditorProps) {
  const m = useM()
  const canvas = useRef<HTMLCanvasElement>(null)
  const pad = useRef<SignaturePad>(null)
  const [drawn, setDrawn] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const v = (value && typeof value === 'object' ? value : {}) as { hash?: string; image?: string; account?: boolean }
  const open = !v.hash && !v.image && !v.account
  useEffect(() => {
    const el = canvas.current
    if (!el) return
    const ratio = Math.max(devicePixelRatio, 1)
    el.width = el.offsetWidth * ratio
    el.height = el.offsetHeight * ratio
    el.getContext('2d')?.scale(ratio, ratio)
    const p = new SignaturePad(el, { penColor: '#161a21' })
    pad.current = p
    p.addEventListener('endStroke', () => setDrawn(true))
    return () => p.off()
  }, [open])

  const use = async () => {
    const image = await new Promise<Blob | null>((done) => canvas.current?.toBlob(done, 'image/png'))
    if (!image) return
    setBusy(true)
    setError('')
    try {
      const file = await upload(new File([image], `${field.name}.png`, { type: 'image/png' }), () => {})
      onChange({ image: file.id })
    } catch (e) {
      setError(say(e, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  const clear = () => {
    pad.current?.clear()
    setDrawn(false)
    onChange(null)
  }

  if (v.hash) return <FieldValue field={field} value={value} />
  if (!open) {
    return (
      <div className={css.inline}>
        {v.image ? <FieldValue field={field} value={value} /> : <span>{m.form.signedByAccount}</span>}
        <Button size="small" onClick={clear}>{m.form.signClear}</Button>
      </div>
    )
  }
  return (
    <div id={a11y.id} role="group" aria-label={field.label}>
      <canvas ref={canvas} className={css.pad} role="img" aria-label={m.form.sign} />
      <div className={`${css.add} ${css.inline}`}>
        <Button size="small" kind={drawn ? 'primary' : 'default'} busy={busy} onClick={() => drawn && void use()} aria-disabled={!drawn || undefined}>{m.form.signUse}</Button>
        <Button size="small" onClick={clear}>{m.form.signClear}</Button>
        <Button size="small" onClick={() => onChange({ account: true })}>{m.form.signAccount}</Button>
        {error && <span className={css.cellError} role="alert">{error}</span>}
      </div>
    </div>
  )
}
