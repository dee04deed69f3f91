import { useQuery } from '@tanstack/react-query'
import { ArrowDown, ArrowUp, Check, FlaskConical, Minus, Plus } from 'lucide-react'
import { useId, useState } from 'react'
import { rulesQuery, sourcesQuery, type AlertRule, type Tried } from '@/api/alerts'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { FieldMeta } from '@/api/types'
import { SettingDrawer, useRefNames } from '@/shared/form/SettingDrawer'
import type { Values } from '@/shared/form/values'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { duration } from '@/shared/lib/time'
import { Button, IconButton } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { Choices } from '@/shared/ui/Choices'
import { Confirm } from '@/shared/ui/Confirm'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { TextArea } from '@/shared/ui/Field'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import css from './alert.module.css'
import { AlertLayout } from './AlertTabs'
import { SeverityMark } from './parts'
import { forServer, samples, useSetup } from './setup'

const setParts = ['severity', 'title', 'description', 'impact', 'urgency'] as const
const numbers = ['count', 'within', 'flap_changes', 'flap_within', 'heartbeat', 'respond_within'] as const

/** What becomes of alerts: rules asked in order, the first that applies decides. */
export function RulesPage() {
  const m = useM()
  const query = useQuery(rulesQuery)
  const rules = query.data
  const sources = useQuery(sourcesQuery).data ?? []
  const { refresh, remove, change } = useSetup()
  const [open, setOpen] = useState<AlertRule | 'new' | null>(null)
  const [removing, setRemoving] = useState<AlertRule | null>(null)
  const names = useRefNames((rules ?? []).flatMap((r) => [{ to: 'team', id: r.team }]))
  const options = (labels: Record<string, string>) => Object.entries(labels).map(([value, label]) => ({ value, label }))
  const f = m.alert.f
  const fields: FieldMeta[] = [
    { name: 'name', type: 'text', label: m.alert.name, max_len: 200, group: m.alert.g.which },
    { name: 'match', type: 'markdown', label: f.match, max_len: 2000, help: f.matchHint, placeholder: "alert.severity == 'critical'", group: m.alert.g.which },
    { name: 'sources', type: 'enum', multiple: true, label: m.alert.sources, help: f.sourcesHint, options: sources.map((s) => ({ value: s.id, label: s.name })), group: m.alert.g.which },
    { name: 'action', type: 'enum', label: f.action, options: options(m.alert.actions), required: true, group: m.alert.g.what },
    { name: 'team', type: 'ref', to: 'team', label: f.team, help: f.teamHint, group: m.alert.g.what },
    { name: 'customer', type: 'ref', to: 'customer', label: m.fields.customer, help: f.ofObject, group: m.alert.g.what },
    { name: 'service', type: 'ref', to: 'service', label: m.fields.service, group: m.alert.g.what },
    { name: 'site', type: 'ref', to: 'site', label: m.fields.site, group: m.alert.g.what },
    { name: 'respond_within', type: 'number', label: f.respond, unit: m.alert.seconds, help: f.respondHint, min: 0, max: 604800, group: m.alert.g.what },
    { name: 'dedup', type: 'enum', label: f.dedup, options: options(m.alert.dedups), required: true, help: f.dedupHint, group: m.alert.g.repeat },
    { name: 'dedup_by', type: 'text', label: f.dedupBy, max_len: 2000, group: m.alert.g.repeat },
    { name: 'count', type: 'number', label: f.count, help: f.countHint, min: 0, max: 100, group: m.alert.g.repeat },
    { name: 'within', type: 'number', label: f.within, unit: m.alert.seconds, min: 0, max: 604800, group: m.alert.g.repeat },
    { name: 'flap_changes', type: 'number', label: f.flap, help: f.flapHint, min: 0, max: 50, group: m.alert.g.repeat },
    { name: 'flap_within', type: 'number', label: f.flapWithin, unit: m.alert.seconds, min: 0, max: 604800, group: m.alert.g.repeat },
    { name: 'heartbeat', type: 'number', label: f.heartbeat, unit: m.alert.seconds, help: f.heartbeatHint, min: 0, max: 604800, group: m.alert.g.repeat },
    ...setParts.map((p): FieldMeta => ({ name: `set.${p}`, type: 'text', label: f.set[p] ?? p, max_len: 200, placeholder: p === 'title' ? "alert.object + ': ' + alert.title" : '', group: m.alert.g.set, ...(p === 'severity' ? { help: f.setHint } : {}) })),
  ]
  const show = (x: FieldMeta, v: Values) => (x.name === 'dedup_by' ? v.dedup === 'expression' : x.name === 'within' ? Number(v.count ?? 0) > 1 : x.name === 'flap_within' ? Number(v.flap_changes ?? 0) > 0 : true)
  const valuesOf = (r: AlertRule): Values => ({
    name: r.name, match: r.match || null, sources: r.sources, action: r.action, team: r.team || null, customer: r.customer || null, service: r.service || null, site: r.site || null, dedup: r.dedup, dedup_by: r.dedup_by || null,
    ...Object.fromEntries(numbers.map((n) => [n, r[n] || null])), ...Object.fromEntries(setParts.map((p) => [`set.${p}`, r.set[p] ?? null])),
  })
  const body = (patch: Values, before: Record<string, string>) => {
    const flat = forServer(patch, fields)
    const set = Object.entries(flat).filter(([k]) => k.startsWith('set.'))
    return { ...Object.fromEntries(Object.entries(flat).filter(([k]) => !k.startsWith('set.'))), ...(set.length > 0 ? { set: { ...before, ...Object.fromEntries(set.map(([k, v]) => [k.slice(4), v])) } } : {}) }
  }
  const move = async (i: number, by: number) => {
    if (!rules) return
    const ids = rules.map((r) => r.id)
    const [one] = ids.splice(i, 1)
    if (one) ids.splice(i + by, 0, one)
    try {
      await api.put('/alert-rule-order', { rules: ids })
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
    await refresh()
  }
  return (
    <AlertLayout>
      <PageFrame title={m.alert.rules} sub={m.alert.rulesHint} tools={<Button kind="primary" icon={<Plus size={15} strokeWidth={1.75} />} onClick={() => setOpen('new')}>{m.alert.addRule}</Button>}>
        <DataTable
          label={m.alert.rules}
          rows={rules}
          error={query.isError ? query.error : undefined}
          onRetry={() => void query.refetch()}
          rowKey={(r) => r.id}
          off={(r) => !r.enabled}
          onOpen={setOpen}
          empty={m.alert.rulesEmpty}
          columns={[
            {
              name: 'order', label: m.alert.order, width: 104, cell: (r) => {
                const i = (rules ?? []).indexOf(r)
                return <span className={css.order}><span className={cx(css.place, 'num')}>{i + 1}</span><IconButton small label={m.alert.earlier(r.name)} icon={<ArrowUp size={14} strokeWidth={1.75} />} disabled={i === 0} onClick={() => void move(i, -1)} /><IconButton small label={m.alert.later(r.name)} icon={<ArrowDown size={14} strokeWidth={1.75} />} disabled={i === (rules?.length ?? 0) - 1} onClick={() => void move(i, 1)} /></span>
              },
            },
            { name: 'name', label: m.alert.rule, cell: (r) => <div><RowName onOpen={() => setOpen(r)}>{r.name}</RowName><div><code className={css.mono}>{r.match || m.alert.everything}</code></div></div> },
            { name: 'action', label: f.action, width: 120, cell: (r) => m.alert.actions[r.action] },
            { name: 'more', label: m.alert.conditions, cell: (r) => <span className="sub">{[r.count > 1 && m.alert.countWithin(r.count, duration(r.within * 1000)), r.respond_within > 0 && m.alert.respondIn(duration(r.respond_within * 1000)), r.heartbeat > 0 && m.alert.heartbeatIn(duration(r.heartbeat * 1000)), r.team && names[r.team]].filter(Boolean).join(' · ')}</span> },
            { name: 'state', label: m.alert.state, width: 90, end: true, cell: (r) => (r.enabled ? '' : <Chip>{m.alert.disabled}</Chip>) },
          ]}
        />
        <DryRun />
      </PageFrame>
      {open && (
        <SettingDrawer
          key={open === 'new' ? 'new' : open.id}
          width={680}
          title={open === 'new' ? m.alert.addRule : m.alert.editRule(open.name)}
          sub={open === 'new' ? m.alert.addRuleHint : undefined}
          action={open === 'new' ? m.alert.addRule : m.app.save}
          fields={fields}
          show={show}
          required={['name', 'action', 'dedup']}
          initial={open === 'new' ? { action: 'incident', dedup: 'fingerprint' } : valuesOf(open)}
          onClose={() => setOpen(null)}
          foot={open !== 'new' && (
            <>
              <Button kind="quiet" onClick={() => void change(`/alert-rules/${open.id}`, { enabled: !open.enabled }, open.version).then(() => setOpen(null))}>{open.enabled ? m.alert.disable : m.alert.enable}</Button>
              <Button kind="quiet" onClick={() => (setRemoving(open), setOpen(null))}>{m.alert.removeRule}</Button>
            </>
          )}
          onSave={async (patch, all) => {
            if (open === 'new') await api.post('/alert-rules', body({ ...patch, action: all.action, dedup: all.dedup }, {}))
            else await api.patch(`/alert-rules/${open.id}`, body(patch, open.set), { version: open.version })
            await refresh()
            setOpen(null)
          }}
        />
      )}
      {removing && <Confirm title={m.alert.removeRuleAsk(removing.name)} action={m.alert.removeRule} danger onClose={() => setRemoving(null)} onConfirm={async () => (await remove(`/alert-rules/${removing.id}`, m.alert.removed(removing.name)), setRemoving(null))} />}
    </AlertLayout>
  )
}

/** Tries a payload on the rules as they are; nothing is kept. */
function DryRun() {
  const m = useM()
  const id = useId()
  const [kind, setKind] = useState('alertmanager')
  const [text, setText] = useState(() => JSON.stringify(samples.alertmanager, null, 2))
  const [out, setOut] = useState<Tried[] | null>(null)
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setError('')
    let payload: unknown
    try {
      payload = JSON.parse(text)
    } catch {
      return setError(m.alert.noJson)
    }
    setBusy(true)
    try {
      setOut((await api.post<{ items: Tried[] }>('/alert-rule-try', { kind, payload })).items)
    } catch (e) {
      setOut(null)
      setError(say(e, m.error.network))
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className={css.try} aria-label={m.alert.dryRun}>
      <div className={css.stack}>
        <h2 id={`${id}-h`}>{m.alert.dryRun}</h2>
        <p className="sub">{m.alert.dryRunHint}</p>
        <Choices
          label={m.alert.kind}
          value={kind}
          onChange={(v) => {
            if (!v) return
            setKind(v)
            setText(JSON.stringify(samples[v], null, 2))
            setOut(null)
          }}
          options={Object.keys(samples).map((value) => ({ value, label: m.alert.kinds[value] ?? value }))}
        />
        <TextArea aria-label={m.alert.payload} value={text} rows={12} spellCheck={false} onChange={(e) => setText(e.target.value)} />
        <div><Button icon={<FlaskConical size={15} strokeWidth={1.75} />} busy={busy} onClick={() => void run()}>{m.alert.tryIt}</Button></div>
        {error && <p role="alert" className={css.over}>{error}</p>}
      </div>
      <div aria-live="polite">
        <h2>{m.alert.outcome}</h2>
        {!out ? <p className="muted">{m.alert.outcomeNone}</p> : out.length === 0 ? <p>{m.alert.outcomeEmpty}</p> : out.map((t, i) => (
          <div key={i} className={css.tried}>
            {t.problem ? <p className={css.over}>{t.problem}</p> : (
              <>
                <div className="row"><SeverityMark severity={t.severity} label={m.alert.severities[t.severity] ?? t.severity} /> <b>{t.object}</b> {t.title}</div>
                <p><b>{m.alert.becomes[t.action]}</b> <span className="sub">{t.why}</span> {t.window && <Chip>{m.alert.inWindowOf(t.window)}</Chip>} {t.unlinked && <Chip tone="amber">{m.alert.unlinked}</Chip>}</p>
                {t.steps.map((s) => (
                  <div key={s.rule} className={css.step} data-applies={s.applies ? '' : undefined}>
                    {s.applies ? <Check size={14} strokeWidth={2} aria-hidden /> : <Minus size={14} strokeWidth={1.75} aria-hidden />}
                    <span>{m.alert.stepSays(s.name, s.why)}</span>
                  </div>
                ))}
              </>
            )}
          </div>
        ))}
      </div>
    </section>
  )
}
