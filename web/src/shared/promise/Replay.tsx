import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import type { Agreement, Calendar, Replayed, Shift } from '@/api/sla'
import type { Messages } from '@/locales/types'
import { useNow } from '../lib/clock'
import { useM } from '../lib/i18n'
import { hours, moment, ms } from '../lib/time'
import { Button } from '../ui/Button'
import css from './replay.module.css'

/** Asks, before anything is saved, which deadlines of open records would move. */
export function Replay({ proposal, label }: { proposal: { calendar?: Calendar; agreement?: Agreement }; label: string }) {
  const m = useM()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const [found, setFound] = useState<{ of: string; out: Replayed } | null>(null)
  const of = JSON.stringify(proposal)
  const run = async () => {
    setBusy(true)
    setError('')
    try {
      setFound({ of, out: await api.post<Replayed>('/agreements/replay', proposal) })
    } catch (e) {
      setError([say(e, m.error.network), ...(e instanceof Problem ? e.errors.map((x) => x.detail) : [])].join(' '))
    } finally {
      setBusy(false)
    }
  }
  // What was found out holds for what was asked; a later change wants another answer.
  const out = found?.of === of ? found.out : null
  return (
    <div className={css.box}>
      <Button busy={busy} onClick={() => void run()}>{label}</Button>
      <div role="status">
        {busy && <p className="muted">{m.agreements.previewing}</p>}
        {error && <p className={css.error}>{error}</p>}
        {out && !busy && (out.moved === 0 ? <p>{m.agreements.none(out.looked_at)}</p> : <p>{m.agreements.moved(out.moved, out.looked_at)}{out.newly_breached > 0 && <b className={css.error}> {m.agreements.breaching(out.newly_breached)}</b>}</p>)}
      </div>
      {out && !busy && out.items.length > 0 && <Moves items={out.items} more={out.moved > out.items.length} />}
    </div>
  )
}

function move(s: Shift, m: Messages): string {
  if (!s.due_before || !s.due_after) return `${m.agreements.clockStates[s.state_before]} → ${m.agreements.clockStates[s.state_after]}`
  const by = ms(s.due_after) - ms(s.due_before)
  const text = by === 0 ? '' : by < 0 ? m.agreements.earlier(hours(by)) : m.agreements.later(hours(by))
  return [text, s.state_before !== s.state_after ? m.agreements.clockStates[s.state_after] : ''].filter(Boolean).join(' · ')
}

function Moves({ items, more }: { items: Shift[]; more: boolean }) {
  const m = useM()
  const now = useNow()
  return (
    <div className={css.scroll} tabIndex={0} role="region" aria-label={m.agreements.preview}>
      <table className={css.table}>
        <thead><tr><th scope="col">{m.agreements.record}</th><th scope="col">{m.agreements.clock}</th><th scope="col">{m.agreements.before}</th><th scope="col">{m.agreements.after}</th><th scope="col">{m.agreements.shift}</th></tr></thead>
        <tbody>
          {items.map((s, i) => (
            <tr key={i}>
              <td><Link to="/r/$number" params={{ number: s.number }} className="no">{s.number}</Link> <span className="sub">{s.title}</span></td>
              <td>{s.label}</td>
              <td className="num">{s.due_before ? moment(s.due_before, now) : '—'}</td>
              <td className="num">{s.due_after ? moment(s.due_after, now) : '—'}</td>
              <td className={s.state_after === 'breached' && s.state_before !== 'breached' ? css.error : undefined}>{move(s, m)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more && <p className="muted">{m.agreements.firstOnly(items.length)}</p>}
    </div>
  )
}
