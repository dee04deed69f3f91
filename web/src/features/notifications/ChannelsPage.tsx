import { useQuery, useQueryClient } from '@tanstack/react-query'
import { CircleCheck, CircleX, Plus, Send } from 'lucide-react'
import { useState } from 'react'
import { channelKindsQuery, channelsQuery, type Channel, type ChannelKind, type TestResult } from '@/api/notify'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { FieldMeta } from '@/api/types'
import { SettingDrawer } from '@/shared/form/SettingDrawer'
import type { Values } from '@/shared/form/values'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { Confirm } from '@/shared/ui/Confirm'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { Dialog } from '@/shared/ui/Dialog'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import css from './notify.module.css'

const types = { line: 'text', lines: 'markdown', choice: 'enum', number: 'text', url: 'link' } as const

/** Mail servers, group robots, SMS gateways and webhooks, each with a test. */
export function ChannelsPage() {
  const m = useM()
  const now = useNow()
  const client = useQueryClient()
  const query = useQuery(channelsQuery)
  const kinds = useQuery(channelKindsQuery).data ?? []
  const [choosing, setChoosing] = useState(false)
  const [open, setOpen] = useState<{ kind: ChannelKind; channel?: Channel } | null>(null)
  const [removing, setRemoving] = useState<Channel | null>(null)
  const [results, setResults] = useState<Record<string, TestResult | 'busy'>>({})
  const refresh = () => client.invalidateQueries({ queryKey: ['notify'] })
  const kindOf = (k: string) => kinds.find((x) => x.kind === k)
  const edit = (c: Channel) => {
    const kind = kindOf(c.kind)
    if (kind) setOpen({ kind, channel: c })
  }
  const test = async (c: Channel) => {
    setResults((r) => ({ ...r, [c.id]: 'busy' }))
    try {
      const result = await api.post<TestResult>(`/notification-channels/${c.id}/test`, {})
      setResults((r) => ({ ...r, [c.id]: result }))
    } catch (e) {
      setResults((r) => Object.fromEntries(Object.entries(r).filter(([k]) => k !== c.id)))
      toast(say(e, m.error.network), undefined, true)
    }
  }
  const turn = async (c: Channel) => {
    try {
      await api.patch(`/notification-channels/${c.id}`, { enabled: !c.enabled }, { version: c.version })
      if (!c.enabled) toast(m.notify.inUse(c.name))
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
    await refresh()
  }
  const levels = Object.entries(m.notify.levels).map(([value, label]) => ({ value, label }))
  const fieldsOf = (k: ChannelKind, c?: Channel): FieldMeta[] => [
    { name: 'name', type: 'text', label: m.alert.name, max_len: 60, group: m.notify.general },
    { name: 'levels', type: 'enum', multiple: true, label: m.notify.usedFor, help: m.notify.usedForHint, options: levels, group: m.notify.general },
    { name: 'customers', type: 'bool', label: m.notify.customers, required: true, help: m.notify.customersHint, group: m.notify.general },
    { name: 'per_minute', type: 'number', label: m.notify.perMinute, help: m.notify.perMinuteHint, min: 0, max: 100000, group: m.notify.general },
    { name: 'position', type: 'number', label: m.notify.position, help: m.notify.positionHint, min: 0, max: 1000000, group: m.notify.general },
    ...k.settings.map((s): FieldMeta => ({
      name: `settings.${s.name}`, type: s.secret ? 'secret' : types[s.form], label: s.label, help: [s.help, s.secret && c?.secrets_set.includes(s.name) ? m.notify.secretKept : ''].filter(Boolean).join(' '), placeholder: s.default, ...(s.form === 'lines' ? { max_len: s.max } : {}),
      options: s.options.map((value) => ({ value, label: m.notify.choices[value] ?? value })), group: m.notify.settings,
    })),
  ]
  const requiredOf = (k: ChannelKind, c?: Channel) => ['name', ...k.settings.filter((s) => s.required && !(s.secret && c?.secrets_set.includes(s.name))).map((s) => `settings.${s.name}`)]
  const valuesOf = (k: ChannelKind, c?: Channel): Values =>
    c
      ? { name: c.name, levels: c.levels, customers: c.customers, per_minute: c.per_minute || null, position: c.position || null, ...Object.fromEntries(k.settings.filter((s) => !s.secret).map((s) => [`settings.${s.name}`, c.settings[s.name] ?? null])) }
      : { name: k.label, levels: ['normal', 'urgent'], customers: false, ...Object.fromEntries(k.settings.filter((s) => s.default && s.form === 'choice').map((s) => [`settings.${s.name}`, s.default])) }
  const body = (values: Values) => {
    const out: Values = {}
    const settings: Record<string, string> = {}
    for (const [k, v] of Object.entries(values)) {
      if (k.startsWith('settings.')) settings[k.slice(9)] = v === null || v === undefined ? '' : String(v)
      else out[k] = v ?? (k === 'levels' ? [] : k === 'name' ? '' : 0)
    }
    return { ...out, ...(Object.keys(settings).length ? { settings } : {}) }
  }
  const result = (c: Channel) => {
    const r = results[c.id]
    if (!r || r === 'busy') return null
    return r.ok
      ? <span className={css.ok} role="status"><CircleCheck size={14} strokeWidth={1.75} aria-hidden /> {m.notify.tested}</span>
      : <span className={css.bad} role="alert"><CircleX size={14} strokeWidth={1.75} aria-hidden /> {r.reason}{r.answer && <code className={css.answer}>{r.answer}</code>}</span>
  }
  const add = <Button kind="primary" icon={<Plus size={15} strokeWidth={1.75} />} onClick={() => setChoosing(true)}>{m.notify.addChannel}</Button>
  return (
    <PageFrame title={m.notify.channels} sub={m.notify.channelsHint} tools={query.data?.length ? add : undefined}>
      <DataTable
        label={m.notify.channels}
        rows={query.data}
        error={query.isError ? query.error : undefined}
        onRetry={() => void query.refetch()}
        rowKey={(c) => c.id}
        off={(c) => !c.enabled}
        onOpen={edit}
        empty={m.notify.channelsEmpty}
        emptyAction={add}
        columns={[
          { name: 'name', label: m.alert.name, cell: (c) => <div><RowName onOpen={() => edit(c)}>{c.name}</RowName> {!c.enabled && <Chip>{m.alert.disabled}</Chip>}<div>{result(c)}</div></div> },
          { name: 'kind', label: m.alert.kind, cell: (c) => c.kind_label },
          { name: 'levels', label: m.notify.usedFor, cell: (c) => c.levels.map((l) => m.notify.levels[l] ?? l).join(m.app.listSep) },
          { name: 'last', label: m.notify.lastSent, cell: (c) => <span className="num sub">{c.last_sent_at ? moment(c.last_sent_at, now) : m.notify.neverSent}</span> },
          { name: 'troubles', label: m.notify.troubles, cell: (c) => (c.troubles > 0 ? <span className={css.bad}>{m.notify.troublesN(c.troubles)}</span> : '') },
          { name: 'test', label: m.notify.test, hideLabel: true, end: true, cell: (c) => <span className="row">{!c.enabled && <Button size="small" onClick={() => void turn(c)}>{m.alert.enable}</Button>}<Button size="small" icon={<Send size={14} strokeWidth={1.75} />} busy={results[c.id] === 'busy'} onClick={() => void test(c)}>{m.notify.test}</Button></span> },
        ]}
      />
      {choosing && (
        <Dialog title={m.notify.addChannel} sub={m.notify.addChannelHint} onClose={() => setChoosing(false)}>
          <ul className={css.kinds}>
            {kinds.map((k) => <li key={k.kind}><Button block onClick={() => (setChoosing(false), setOpen({ kind: k }))}>{k.label}</Button></li>)}
          </ul>
        </Dialog>
      )}
      {open && (
        <SettingDrawer
          key={open.channel?.id ?? open.kind.kind}
          title={open.channel ? m.notify.editChannel(open.channel.name) : m.notify.addOf(open.kind.label)}
          sub={open.kind.personal ? m.notify.personal : m.notify.shared}
          action={open.channel ? m.app.save : m.notify.addChannel}
          fields={fieldsOf(open.kind, open.channel)}
          required={requiredOf(open.kind, open.channel)}
          initial={valuesOf(open.kind, open.channel)}
          onClose={() => setOpen(null)}
          foot={open.channel && (
            <>
              <Button kind="quiet" onClick={() => open.channel && void turn(open.channel).then(() => setOpen(null))}>{open.channel.enabled ? m.alert.disable : m.alert.enable}</Button>
              <Button kind="quiet" onClick={() => (setRemoving(open.channel ?? null), setOpen(null))}>{m.notify.removeChannel}</Button>
            </>
          )}
          onSave={async (patch, all) => {
            if (open.channel) await api.patch(`/notification-channels/${open.channel.id}`, body(patch), { version: open.channel.version })
            else await api.post('/notification-channels', { kind: open.kind.kind, ...body(Object.fromEntries(Object.entries(all).filter(([, v]) => v !== null && v !== undefined && v !== ''))) })
            await refresh()
            setOpen(null)
            if (!open.channel) toast(m.notify.testFirst)
          }}
        />
      )}
      {removing && (
        <Confirm
          title={m.notify.removeChannelAsk(removing.name)}
          action={m.notify.removeChannel}
          danger
          onClose={() => setRemoving(null)}
          onConfirm={async () => {
            try {
              await api.delete(`/notification-channels/${removing.id}`, { version: removing.version })
              toast(m.alert.removed(removing.name))
            } catch (e) {
              toast(say(e, m.error.network), undefined, true)
            }
            setRemoving(null)
            await refresh()
          }}
        >
          <p>{m.notify.removeChannelHint}</p>
        </Confirm>
      )}
    </PageFrame>
  )
}
