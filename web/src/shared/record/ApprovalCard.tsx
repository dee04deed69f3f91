import { useQueryClient } from '@tanstack/react-query'
import { Stamp } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { Approval, RecordView } from '@/api/types'
import { useNow } from '../lib/clock'
import { useM } from '../lib/i18n'
import { exact, hm, moment } from '../lib/time'
import { Button } from '../ui/Button'
import { Chip } from '../ui/Chip'
import { toast } from '../ui/Toast'
import { TimelineItem } from '../ui/Timeline'
import css from './ApprovalCard.module.css'
import { FormDialog } from './FormDialog'
import { afterWrite } from './useRecord'

/** An approval as a card in the timeline: who said what, and the two buttons when it is yours. */
export function ApprovalCard({ record, approval: a }: { record: RecordView; approval: Approval }) {
  const m = useM()
  const now = useNow()
  const client = useQueryClient()
  const [busy, setBusy] = useState('')
  const [refusing, setRefusing] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const states = { open: m.record.approvalOpen, approved: m.record.approvalApproved, refused: m.record.approvalRefused, cancelled: m.record.approvalCancelled }
  const decide = async (decision: 'approve' | 'refuse', reason?: unknown) => {
    setBusy(decision)
    setProblem(null)
    try {
      const back = await api.post<RecordView | undefined>(`/${record.plural}/${record.number}/approvals/${a.id}`, { decision, ...(reason ? { reason } : {}) })
      if (back?.number) afterWrite(client, back)
      else await client.invalidateQueries({ queryKey: [`record:${record.number}`] })
      setRefusing(false)
    } catch (e) {
      if (decision === 'refuse') setProblem(e)
      else toast(say(e, m.error.network), undefined, true)
    } finally {
      setBusy('')
    }
  }
  const who = typeof a.asked_by === 'string' ? a.asked_by : a.asked_by?.name
  return (
    <TimelineItem kind="card" time={hm(a.asked_at)} exact={exact(a.asked_at)} icon={<Stamp size={15} strokeWidth={1.75} aria-hidden />} author={who} role={a.label} aside={<Chip {...(a.state === 'refused' ? { tone: 'red' as const } : a.state === 'approved' ? { tone: 'green' as const } : {})}>{states[a.state]}</Chip>}>
      {a.reason && <p>{a.reason}</p>}
      <ul className={css.people}>
        {a.approvers.map((p) => (
          <li key={p.who}>
            <span>{p.by || p.who}</span>
            <span className="sub">{p.decision ? (m.record.decided[p.decision] ?? p.decision) : m.record.noDecision}</span>
            {p.at && <span className="muted num">{moment(p.at, now)}</span>}
            {p.reason && <span className="sub">{p.reason}</span>}
          </li>
        ))}
      </ul>
      {a.yours && a.state === 'open' && (
        <div className={css.actions}>
          <Button kind="primary" busy={busy === 'approve'} onClick={() => void decide('approve')}>{m.record.approve}</Button>
          <Button onClick={() => setRefusing(true)}>{m.record.refuse}</Button>
        </div>
      )}
      {refusing && (
        <FormDialog
          title={m.record.refuseTitle(a.label)}
          sub={`${record.number} · ${record.title}`}
          action={m.record.refuseRun}
          fields={[{ name: 'reason', type: 'markdown', label: m.record.refuseReason }]}
          spec={{ fields: ['reason'], require: ['reason'] }}
          busy={busy === 'refuse'}
          problem={problem}
          onSubmit={(v) => void decide('refuse', v.reason)}
          onClose={() => setRefusing(false)}
        />
      )}
    </TimelineItem>
  )
}
