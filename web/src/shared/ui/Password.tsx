import { Eye, EyeOff } from 'lucide-react'
import { useState, type ComponentProps, type KeyboardEvent } from 'react'
import { useM } from '../lib/i18n'
import { IconButton } from './Button'
import { Input } from './Field'
import css from './Password.module.css'

/** A password field that can be read back and says when Caps Lock is on. */
export function Password(props: ComponentProps<typeof Input>) {
  const m = useM()
  const [shown, setShown] = useState(false)
  const [caps, setCaps] = useState(false)
  const watch = (e: KeyboardEvent) => setCaps(e.getModifierState('CapsLock'))
  return (
    <div className={css.password}>
      <Input maxLength={200} {...props} type={shown ? 'text' : 'password'} onKeyUp={watch} onBlur={() => setCaps(false)} />
      <IconButton
        className={css.eye}
        label={shown ? m.session.hidePassword : m.session.showPassword}
        icon={shown ? <EyeOff size={15} strokeWidth={1.75} /> : <Eye size={15} strokeWidth={1.75} />}
        onClick={() => setShown(!shown)}
      />
      {caps && <div className="muted" role="status">{m.session.capsLock}</div>}
    </div>
  )
}
