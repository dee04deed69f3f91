import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { useState } from 'react'
import { preferencesQuery, type Level, type Preferences } from '@/api/notify'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { FieldEditor } from '@/shared/form/FormFields'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { Button, ButtonTo, IconButton } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Chip } from '@/shared/ui/Chip'
import { Choices } from '@/shared/ui/Choices'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Field } from '@/shared/ui/Field'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import css from './notify.module.css'

/** How I am told beyond the application, which always shows everything. */
export function PreferencesPage() {
  const m = useM()
  const query = useQuery(preferencesQuery)
  return (
    <PageFrame title={m.notify.preferences} sub={m.notify.preferencesHint} tools={<ButtonTo to="/notifications">{m.notifications.title}</ButtonTo>} padded>
      {query.isPending ? <Skeleton rows={6} kind="record" /> : query.isError ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : <Form key={JSON.stringify(query.data)} given={query.data} />}
    </PageFrame>
  )
}

const order: Level[] = ['urgent', 'normal', 'info']

function Form({ given }: { given: Preferences }) {
  const m = useM()
  const client = useQueryClient()
  const [p, setP] = useState(given)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const dirty = JSON.stringify(p) !== JSON.stringify(given)
  const errors = problem instanceof Problem ? problem.byField() : {}
  const save = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const next = await api.put<Preferences>('/notifications/preferences', {
        levels: p.levels.filter((l) => l.own).map((l) => ({ level: l.level, channels: l.channels })),
        ...(p.quiet ? { quiet: p.quiet } : {}),
        hold_until_service_hours: p.hold_until_service_hours,
        digest: p.digest,
        digest_at: p.digest_at,
      })
      client.setQueryData(preferencesQuery.queryKey, next)
      toast(m.notify.saved)
    } catch (e) {
      setProblem(e)
    } finally {
      setBusy(false)
    }
  }
  useKeys([{ keys: 'mod+enter', label: m.app.save, typing: true, run: () => dirty && void save() }])
  const level = (l: Level, patch: Partial<Preferences['levels'][number]>) => setP({ ...p, levels: p.levels.map((x) => (x.level === l ? { ...x, ...patch } : x)) })
  const time = (name: string, label: string, value: string, set: (v: string) => void) => <FieldEditor field={{ name, type: 'time', label, required: true }} value={value} onChange={(v) => set(String(v ?? ''))} a11y={{ id: `pref-${name}`, 'aria-label': label } as { id: string }} />
  return (
    <div className={css.form}>
      {!!problem && <p role="alert" className={css.alert}>{say(problem, m.error.network)}</p>}
      <section className={css.block}>
        <h2>{m.notify.byLevel}</h2>
        <p className="sub">{m.notify.byLevelHint}</p>
        {p.channels.length === 0 ? <p className={css.none}>{m.notify.noChannels}</p> : order.map((name) => {
          const l = p.levels.find((x) => x.level === name)
          if (!l) return null
          const mode = !l.own ? 'default' : l.channels.length ? 'own' : 'none'
          const fallback = p.channels.filter((c) => c.levels.includes(name)).map((c) => c.name)
          return (
            <Field key={name} label={l.label} hint={mode === 'default' ? (fallback.length ? m.notify.defaultIs(fallback.join(m.app.listSep)) : m.notify.defaultNone) : mode === 'none' && name === 'urgent' ? m.notify.urgentNone : undefined}>
              {(a) => (
                <div className={css.level}>
                  <Choices
                    id={a.id}
                    label={l.label}
                    value={mode}
                    onChange={(v) => level(name, v === 'default' ? { own: false, channels: p.channels.filter((c) => c.levels.includes(name)).map((c) => c.id) } : v === 'none' ? { own: true, channels: [] } : { own: true, channels: l.channels.length ? l.channels : p.channels.filter((c) => c.reachable).map((c) => c.id).slice(0, 1) })}
                    options={[{ value: 'default', label: m.notify.asDefault }, { value: 'own', label: m.notify.asOwn }, { value: 'none', label: m.notify.onlyHere }]}
                  />
                  {mode === 'own' && (
                    <ol className={css.channels}>
                      {[...l.channels.flatMap((id) => p.channels.find((c) => c.id === id) ?? []), ...p.channels.filter((c) => !l.channels.includes(c.id))].map((c) => {
                        const i = l.channels.indexOf(c.id)
                        const move = (by: number) => {
                          const next = [...l.channels]
                          const [one] = next.splice(i, 1)
                          if (one) next.splice(i + by, 0, one)
                          level(name, { channels: next })
                        }
                        return (
                          <li key={c.id} className={css.channel}>
                            <Checkbox label={c.name} checked={i >= 0} onChange={(e) => level(name, { channels: e.target.checked ? [...l.channels, c.id] : l.channels.filter((x) => x !== c.id) })} />
                            <span className="muted grow">{c.kind_label}</span>
                            {!c.reachable && <Chip tone="amber">{m.notify.noAddress}</Chip>}
                            {i >= 0 && <><span className="muted num">{m.notify.nth(i + 1)}</span><IconButton small label={m.alert.earlier(c.name)} icon={<ArrowUp size={14} strokeWidth={1.75} />} disabled={i === 0} onClick={() => move(-1)} /><IconButton small label={m.alert.later(c.name)} icon={<ArrowDown size={14} strokeWidth={1.75} />} disabled={i === l.channels.length - 1} onClick={() => move(1)} /></>}
                          </li>
                        )
                      })}
                    </ol>
                  )}
                </div>
              )}
            </Field>
          )
        })}
      </section>
      <section className={css.block}>
        <h2>{m.notify.when}</h2>
        <p className="sub">{m.notify.whenHint}</p>
        <Field label={m.notify.quiet} hint={p.quiet ? m.notify.quietHint(p.zone) : undefined} error={errors['quiet.from'] ?? errors['quiet.to'] ?? errors.quiet}>
          {(a) => (
            <div className={css.level}>
              <Choices id={a.id} label={m.notify.quiet} value={p.quiet ? 'on' : 'off'} onChange={(v) => setP({ ...p, quiet: v === 'on' ? { from: '22:00', to: '07:00' } : null })} options={[{ value: 'off', label: m.notify.quietNone }, { value: 'on', label: m.notify.quietOn }]} />
              {p.quiet && <span className={css.times}>{time('quiet-from', m.duty.from, p.quiet.from, (from) => setP({ ...p, quiet: { from, to: p.quiet?.to ?? '07:00' } }))}<span className="muted">–</span>{time('quiet-to', m.duty.to, p.quiet.to, (to) => setP({ ...p, quiet: { from: p.quiet?.from ?? '22:00', to } }))}</span>}
            </div>
          )}
        </Field>
        <Field label={m.notify.hold} hint={m.notify.holdHint}>{(a) => <Choices id={a.id} label={m.notify.hold} value={p.hold_until_service_hours ? 'on' : 'off'} onChange={(v) => setP({ ...p, hold_until_service_hours: v === 'on' })} options={[{ value: 'off', label: m.notify.holdNo }, { value: 'on', label: m.notify.holdYes }]} />}</Field>
        <Field label={m.notify.digest} hint={m.notify.digestHint} error={errors.digest_at}>
          {(a) => (
            <div className={css.level}>
              <Choices id={a.id} label={m.notify.digest} value={p.digest} onChange={(v) => v && setP({ ...p, digest: v as Preferences['digest'] })} options={[{ value: 'none', label: m.notify.digestNone }, { value: 'hourly', label: m.notify.digestHourly }, { value: 'daily', label: m.notify.digestDaily }]} />
              {p.digest === 'daily' && <span className={css.times}>{time('digest-at', m.notify.digestAt, p.digest_at, (digest_at) => setP({ ...p, digest_at }))}</span>}
            </div>
          )}
        </Field>
      </section>
      <div className={css.saveBar}>
        <Button kind="primary" k="mod+enter" busy={busy} onClick={() => void save()}>{m.app.save}</Button>
        {dirty ? <><Button kind="quiet" onClick={() => setP(given)}>{m.admin.discard}</Button><span className={css.unsaved}>{m.notify.unsaved}</span></> : <span className="muted">{m.notify.allSaved}</span>}
      </div>
    </div>
  )
}
