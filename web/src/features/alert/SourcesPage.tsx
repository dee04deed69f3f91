import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Copy, Plus } from 'lucide-react'
import { useState } from 'react'
import { payloadsQuery, sourcesQuery, type AlertPayload, type AlertSource, type SourceKind, type SourceMade } from '@/api/alerts'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { FieldMeta } from '@/api/types'
import { SettingDrawer, useRefNames } from '@/shared/form/SettingDrawer'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { Confirm } from '@/shared/ui/Confirm'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { Dialog } from '@/shared/ui/Dialog'
import { Skeleton } from '@/shared/ui/Empty'
import { Input } from '@/shared/ui/Field'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import css from './alert.module.css'
import { AlertLayout } from './AlertTabs'
import { forServer, samples, useSetup } from './setup'

const kinds: SourceKind[] = ['alertmanager', 'grafana', 'zabbix', 'prometheus', 'generic']
const parts = ['list', 'object', 'metric', 'value', 'threshold', 'severity', 'status', 'started_at', 'ended_at', 'fingerprint', 'title', 'description', 'link']

/** The monitoring systems that send alerts, each with its token. */
export function SourcesPage() {
  const m = useM()
  const query = useQuery(sourcesQuery)
  const rows = query.data?.filter((s) => s.kind !== 'heartbeat')
  const names = useRefNames((rows ?? []).map((s) => ({ to: 'customer', id: s.customer })))
  const { refresh, change } = useSetup()
  const [open, setOpen] = useState<AlertSource | 'new' | null>(null)
  const [made, setMade] = useState<{ kind: SourceKind; name: string; path: string; token: string } | null>(null)
  const [renew, setRenew] = useState<AlertSource | null>(null)
  const isKind = (k: string): k is SourceKind => kinds.includes(k as SourceKind)
  const severities = Object.entries(m.alert.severities).map(([value, label]) => ({ value, label }))
  const fields = (isNew: boolean, generic: boolean): FieldMeta[] => [
    { name: 'name', type: 'text', label: m.alert.name, max_len: 200 },
    ...(isNew ? [{ name: 'kind', type: 'enum' as const, label: m.alert.kind, options: kinds.map((value) => ({ value, label: m.alert.kinds[value] ?? value })) }] : []),
    { name: 'customer', type: 'ref', to: 'customer', label: m.fields.customer, help: m.alert.sourceCustomer },
    { name: 'object_labels', type: 'text', label: m.alert.objectLabels, max_len: 1000, help: m.alert.objectLabelsHint, placeholder: 'host, instance' },
    { name: 'severities', type: 'table', label: m.alert.ownWords, help: m.alert.ownWordsHint, columns: [{ name: 'word', type: 'text', label: m.alert.word, max_len: 60 }, { name: 'severity', type: 'enum', label: m.alert.severity, options: severities }] },
    ...(generic ? parts.map((p): FieldMeta => ({ name: `mapping.${p}`, type: 'text', label: m.alert.parts[p] ?? p, max_len: 200, placeholder: p === 'object' ? 'data.host' : '', group: m.alert.mapping })) : []),
  ]
  const valuesOf = (s: AlertSource) => ({ name: s.name, customer: s.customer || null, object_labels: s.object_labels.join(', ') || null, severities: s.severities, ...Object.fromEntries(Object.entries(s.mapping).map(([k, v]) => [`mapping.${k}`, v])) })
  const body = (patch: Record<string, unknown>, f: FieldMeta[], before: Record<string, string>) => {
    const flat = forServer(patch, f)
    const mapped = Object.entries(flat).filter(([k]) => k.startsWith('mapping.'))
    const rest = Object.fromEntries(Object.entries(flat).filter(([k]) => !k.startsWith('mapping.')))
    if (typeof rest.object_labels === 'string') rest.object_labels = rest.object_labels.split(/[,，\s]+/).filter(Boolean)
    if (mapped.length > 0) rest.mapping = { ...before, ...Object.fromEntries(mapped.map(([k, v]) => [k.slice(8), v])) }
    return rest
  }
  const show = (x: SourceMade) => setMade({ kind: x.source.kind as SourceKind, name: x.source.name, path: x.path, token: x.token })
  return (
    <AlertLayout>
      <PageFrame title={m.alert.sources} sub={m.alert.sourcesHint} tools={<Button kind="primary" icon={<Plus size={15} strokeWidth={1.75} />} onClick={() => setOpen('new')}>{m.alert.addSource}</Button>}>
        <DataTable
          label={m.alert.sources}
          rows={rows}
          error={query.isError ? query.error : undefined}
          onRetry={() => void query.refetch()}
          rowKey={(s) => s.id}
          off={(s) => s.disabled}
          onOpen={(s) => isKind(s.kind) && setOpen(s)}
          empty={m.alert.sourcesEmpty}
          columns={[
            { name: 'name', label: m.alert.name, cell: (s) => (isKind(s.kind) ? <RowName onOpen={() => setOpen(s)}>{s.name}</RowName> : <>{s.name} <span className="muted">{m.alert.builtIn}</span></>) },
            { name: 'kind', label: m.alert.kind, cell: (s) => m.alert.kinds[s.kind] ?? s.kind },
            { name: 'customer', label: m.fields.customer, cell: (s) => (s.customer ? (names[s.customer] ?? '') : <span className="muted">{m.alert.several}</span>) },
            { name: 'token', label: m.alert.token, cell: (s) => (s.prefix ? <code className={css.mono}>{s.prefix}…</code> : '') },
            { name: 'state', label: m.alert.state, cell: (s) => (s.disabled ? <Chip>{m.alert.disabled}</Chip> : '') },
            {
              name: 'do', label: m.alert.setUp, hideLabel: true, end: true, cell: (s) => isKind(s.kind) && (
                <span className="row">
                  <Button size="small" kind="quiet" onClick={() => setMade({ kind: s.kind as SourceKind, name: s.name, path: `/api/v1/intake/${s.kind}/<token>`, token: '' })}>{m.alert.setUp}</Button>
                  <Button size="small" kind="quiet" onClick={() => setRenew(s)}>{m.alert.renew}</Button>
                </span>
              ),
            },
          ]}
        />
        <Payloads />
      </PageFrame>
      {open && (
        <SettingDrawer
          key={open === 'new' ? 'new' : open.id}
          title={open === 'new' ? m.alert.addSource : m.alert.editSource(open.name)}
          sub={open === 'new' ? m.alert.addSourceHint : m.alert.kinds[open.kind]}
          action={open === 'new' ? m.alert.addSource : m.app.save}
          fields={fields(open === 'new', true)}
          show={(f, v) => !f.name.startsWith('mapping.') || (open === 'new' ? v.kind : open.kind) === 'generic'}
          required={open === 'new' ? ['name', 'kind'] : ['name']}
          initial={open === 'new' ? { kind: 'alertmanager' } : valuesOf(open)}
          onClose={() => setOpen(null)}
          foot={open !== 'new' && <Button kind="quiet" onClick={() => void change(`/alert-sources/${open.id}`, { disabled: !open.disabled }, open.version).then(() => setOpen(null))}>{open.disabled ? m.alert.enable : m.alert.disable}</Button>}
          onSave={async (patch, all) => {
            if (open === 'new') show(await api.post<SourceMade>('/alert-sources', body({ ...patch, kind: all.kind }, fields(true, true), {})))
            else await api.patch(`/alert-sources/${open.id}`, body(patch, fields(false, true), open.mapping), { version: open.version })
            await refresh()
            setOpen(null)
          }}
        />
      )}
      {renew && (
        <Confirm
          title={m.alert.renewAsk(renew.name)}
          action={m.alert.renew}
          onClose={() => setRenew(null)}
          onConfirm={async () => {
            try {
              show(await api.post<SourceMade>(`/alert-sources/${renew.id}/renew`, {}))
              await refresh()
            } catch (e) {
              toast(say(e, m.error.network), undefined, true)
            }
            setRenew(null)
          }}
        >
          <p>{m.alert.renewHint}</p>
        </Confirm>
      )}
      {made && <Examples {...made} onClose={() => setMade(null)} />}
    </AlertLayout>
  )
}

/** How each kind of source is told where to send: to be copied as it stands. */
function examples(kind: SourceKind, url: string): { title: string; text: string }[] {
  const post = (sample: unknown) => `curl -X POST '${url}' \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(sample)}'`
  switch (kind) {
    case 'alertmanager':
      return [{ title: 'alertmanager.yml', text: `route:\n  receiver: steward\nreceivers:\n  - name: steward\n    webhook_configs:\n      - url: '${url}'\n        send_resolved: true` }, { title: 'curl', text: post(samples.alertmanager) }]
    case 'grafana':
      return [{ title: 'contact-points.yaml', text: `apiVersion: 1\ncontactPoints:\n  - orgId: 1\n    name: steward\n    receivers:\n      - uid: steward\n        type: webhook\n        settings:\n          url: ${url}\n          httpMethod: POST` }, { title: 'curl', text: post(samples.grafana) }]
    case 'zabbix':
      return [
        { title: 'Zabbix › Media types › Webhook › Script', text: `var p = JSON.parse(value), r = new HttpRequest();\nr.addHeader('Content-Type: application/json');\nreturn r.post('${url}', JSON.stringify(p));` },
        { title: 'Zabbix › Parameters', text: 'event_id             {EVENT.ID}\ntrigger_id           {TRIGGER.ID}\nevent_value          {EVENT.VALUE}\nhost                 {HOST.NAME}\nevent_name           {EVENT.NAME}\nitem_key             {ITEM.KEY}\nitem_value           {ITEM.LASTVALUE}\nevent_severity       {EVENT.SEVERITY}\nevent_date           {EVENT.DATE}\nevent_time           {EVENT.TIME}\nevent_recovery_date  {EVENT.RECOVERY.DATE}\nevent_recovery_time  {EVENT.RECOVERY.TIME}' },
        { title: 'curl', text: post(samples.zabbix) },
      ]
    case 'prometheus': {
      const u = new URL(url.replace('<token>', 'TOKEN'))
      return [{ title: 'prometheus.yml', text: `alerting:\n  alertmanagers:\n    - scheme: ${u.protocol.slice(0, -1)}\n      path_prefix: ${u.pathname.replace('TOKEN', url.includes('<token>') ? '<token>' : 'TOKEN')}\n      static_configs:\n        - targets: ['${u.host}']` }]
    }
    default:
      return [{ title: 'curl', text: post(samples.generic) }]
  }
}

/** The token, shown once, and what to put where. */
function Examples({ kind, name, path, token, onClose }: { kind: SourceKind; name: string; path: string; token: string; onClose: () => void }) {
  const m = useM()
  const url = location.origin + path
  const copy = async (text: string, what: string) => {
    await navigator.clipboard.writeText(text)
    toast(m.app.copied(what))
  }
  return (
    <Dialog kind="drawer" width={680} title={m.alert.setUpTitle(name)} sub={m.alert.kinds[kind]} onClose={onClose} foot={<Button kind={token ? 'primary' : 'default'} onClick={onClose}>{token ? m.alert.kept : m.app.close}</Button>}>
      <div className={css.stack}>
        {token ? (
          <div className={css.once} role="alert">
            <b>{m.alert.tokenOnce}</b>
            <span className="row"><Input readOnly value={url} aria-label={m.alert.address} onFocus={(e) => e.target.select()} /><Button icon={<Copy size={15} strokeWidth={1.75} />} onClick={() => void copy(url, m.alert.address)} data-autofocus>{m.app.copy(m.alert.address)}</Button></span>
          </div>
        ) : <p className="sub">{m.alert.tokenGone}</p>}
        {examples(kind, url).map((e) => (
          <div key={e.title}>
            <div className={css.example}><b>{e.title}</b><Button size="small" icon={<Copy size={14} strokeWidth={1.75} />} onClick={() => void copy(e.text, e.title)}>{m.app.copy(e.title)}</Button></div>
            <pre className={css.code} tabIndex={0}>{e.text}</pre>
          </div>
        ))}
        <p className="muted">{m.alert.curlHint}</p>
      </div>
    </Dialog>
  )
}

/** What came in and could not be read, kept to be looked at and taken in again. */
function Payloads() {
  const m = useM()
  const now = useNow()
  const query = useInfiniteQuery(payloadsQuery)
  const rows = query.data?.pages.flatMap((p) => p.items) ?? []
  const [open, setOpen] = useState<AlertPayload | null>(null)
  const one = useQuery({ queryKey: ['alert-setup', 'payload', open?.id ?? ''], queryFn: () => api.get<AlertPayload>(`/alert-payloads/${open?.id}`), enabled: !!open })
  const { refresh } = useSetup()
  if (rows.length === 0) return null
  const retry = async (p: AlertPayload) => {
    try {
      const out = await api.post<{ opened: number; deduplicated: number; resolved: number }>(`/alert-payloads/${p.id}/retry`, {})
      toast(m.alert.retried(out.opened, out.deduplicated + out.resolved))
      setOpen(null)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
    await refresh()
  }
  return (
    <section className={css.payloads} aria-label={m.alert.unread}>
      <h2>{m.alert.unread} <span className="muted num">{rows.length}</span></h2>
      <DataTable
        label={m.alert.unread}
        rows={rows}
        rowKey={(p) => p.id}
        onOpen={setOpen}
        empty=""
        more={query.hasNextPage ? { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() } : null}
        columns={[
          { name: 'at', label: m.alert.received, width: 150, cell: (p) => <span className="num">{moment(p.at, now)}</span> },
          { name: 'source', label: m.alert.source, cell: (p) => <RowName onOpen={() => setOpen(p)}>{p.source_name}</RowName> },
          { name: 'reason', label: m.alert.why, cell: (p) => p.reason },
          { name: 'again', label: m.alert.retry, hideLabel: true, end: true, cell: (p) => (p.retried_at ? <span className="muted">{m.alert.retriedAt(moment(p.retried_at, now))}</span> : '') },
        ]}
      />
      {open && (
        <Dialog kind="drawer" title={m.alert.unreadOf(open.source_name)} sub={open.reason} onClose={() => setOpen(null)} foot={<Button kind="primary" onClick={() => void retry(open)}>{m.alert.retry}</Button>}>
          {one.data ? <pre className={css.code} tabIndex={0}>{one.data.body}</pre> : <Skeleton rows={4} kind="record" />}
        </Dialog>
      )}
    </section>
  )
}
