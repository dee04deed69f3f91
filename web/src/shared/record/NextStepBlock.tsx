import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { RecordView } from '@/api/types'
import { useNow } from '../lib/clock'
import { useM } from '../lib/i18n'
import { by } from '../lib/time'
import { NextStep, type StepAction } from '../ui/NextStep'
import { Button } from '../ui/Button'
import { Menu } from '../ui/Menu'
import { clockText, tone, ToneMark } from '../ui/Sla'
import { toast } from '../ui/Toast'
import { nearest } from './clocks'
import css from './NextStepBlock.module.css'
import { afterWrite } from './useRecord'

/** Tells the handler at once that somebody waits. */
export function useUrge(record: RecordView) {
  const m = useM()
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const urge = async () => {
    setBusy(true)
    try {
      afterWrite(client, await api.post<RecordView>(`/${record.plural}/${record.number}/urge`, {}))
      toast(m.record.urged)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    } finally {
      setBusy(false)
    }
  }
  return { urge, busy }
}

interface Props {
  record: RecordView
  onAction: (transition: string) => void
  busy: string
  onField?: ((field: string) => void) | undefined
}

/** The next step of a record as the server tells it: the page adds nothing. */
export function NextStepBlock({ record, onAction, busy, onField }: Props) {
  const m = useM()
  const now = useNow()
  const { urge, busy: urging } = useUrge(record)
  const next = record.next_steps
  const open = record.state.kind !== 'done' && record.state.kind !== 'cancelled'
  const c = open ? nearest(record, m) : null
  const t = c ? tone(c, now) : 'calm'
  const actions: StepAction[] = next.actions.map((a) => ({
    id: a.transition,
    label: a.label,
    key: a.key?.toLowerCase(),
    busy: busy === a.transition,
    danger: a.style === 'danger',
    run: () => onAction(a.transition),
  }))
  const shown = actions.slice(0, actions.length > 6 ? 5 : 6)
  const rest = actions.slice(shown.length)
  if (!open && actions.length === 0 && next.closed.length === 0) return null
  const until = c?.due && t !== 'paused' ? ` · ${by(c.due, now)}` : ''
  return (
    <NextStep
      mine={next.yours}
      title={next.headline}
      clock={c && t !== 'met' && t !== 'late' && <span className={t === 'over' ? css.over : t === 'soon' ? css.soon : undefined}><ToneMark t={t} /> {clockText(c, now)}{until}</span>}
      actions={shown}
      more={
        <>
          {rest.length > 0 && (
            <Menu label={m.record.moreActions} groups={[{ items: rest.map((a) => ({ id: a.id, label: a.label, key: a.key, danger: a.danger, run: a.run })) }]}>
              {(b) => <Button {...b}>{m.app.more}</Button>}
            </Menu>
          )}
          {!next.yours && open && record.can?.urge && <Button busy={urging} onClick={() => void urge()}>{m.record.urge}</Button>}
        </>
      }
      locks={next.closed.map((c) => ({ id: c.transition, label: c.label, reason: c.reason, ...(c.missing?.length ? { missing: c.missing } : {}) }))}
      {...(onField ? { onField } : {})}
    />
  )
}
