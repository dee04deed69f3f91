import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { objectsQuery, windowsQuery, type AlertWindow, type MonitoredObject } from '@/api/alerts'
import { api } from '@/api/client'
import type { FieldMeta } from '@/api/types'
import { SettingDrawer, useRefNames } from '@/shared/form/SettingDrawer'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import type { Filters } from '@/shared/list/filters'
import { FilterRow } from '@/shared/list/FilterRow'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { Confirm } from '@/shared/ui/Confirm'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'
import { ViewTabs } from '@/shared/ui/Tabs'
import css from './alert.module.css'
import { AlertLayout } from './AlertTabs'
import { forServer, useSetup } from './setup'

const plus = <Plus size={15} strokeWidth={1.75} />

/** Times in which matching alerts are kept and nobody is called. */
export function WindowsPage() {
  const m = useM()
  const now = useNow()
  const [past, setPast] = useState(false)
  const query = useQuery({ ...windowsQuery(past), placeholderData: (old) => old })
  const { refresh, remove } = useSetup()
  const [open, setOpen] = useState<AlertWindow | 'new' | null>(null)
  const [removing, setRemoving] = useState<AlertWindow | null>(null)
  const fields: FieldMeta[] = [
    { name: 'name', type: 'text', label: m.alert.name, max_len: 200 },
    { name: 'from', type: 'datetime', label: m.duty.from },
    { name: 'to', type: 'datetime', label: m.duty.to },
    { name: 'match', type: 'markdown', label: m.alert.f.match, max_len: 2000, help: m.alert.windowMatchHint, placeholder: "alert.object == 'his-db-01'" },
  ]
  const phase = (w: AlertWindow) => (now < Date.parse(w.from) ? <span className="sub">{m.alert.toCome}</span> : now < Date.parse(w.to) ? <Chip tone="accent">{m.alert.underWay}</Chip> : <span className="muted">{m.alert.over}</span>)
  return (
    <AlertLayout>
      <PageFrame
        title={m.alert.windows}
        sub={m.alert.windowsHint}
        tools={<Button kind="primary" icon={plus} onClick={() => setOpen('new')}>{m.alert.addWindow}</Button>}
        bar={<div className={css.views}><ViewTabs small label={m.alert.windows} value={past ? 'all' : 'open'} onChange={(v) => setPast(v === 'all')} items={[{ id: 'open', label: m.alert.windowsOpen }, { id: 'all', label: m.alert.windowsAll }]} /></div>}
      >
        <DataTable
          label={m.alert.windows}
          rows={query.data}
          error={query.isError ? query.error : undefined}
          onRetry={() => void query.refetch()}
          rowKey={(w) => w.id}
          onOpen={setOpen}
          empty={m.alert.windowsEmpty}
          columns={[
            { name: 'name', label: m.alert.name, cell: (w) => <RowName onOpen={() => setOpen(w)}>{w.name}</RowName> },
            { name: 'time', label: m.alert.time, cell: (w) => <span className="num">{moment(w.from, now)} – {moment(w.to, now)}</span> },
            { name: 'match', label: m.alert.f.match, cell: (w) => (w.match === 'true' ? m.alert.everything : <code className={css.mono}>{w.match}</code>) },
            { name: 'state', label: m.alert.state, end: true, cell: phase },
          ]}
        />
      </PageFrame>
      {open && (
        <SettingDrawer
          key={open === 'new' ? 'new' : open.id}
          title={open === 'new' ? m.alert.addWindow : m.alert.editWindow(open.name)}
          action={open === 'new' ? m.alert.addWindow : m.app.save}
          fields={fields}
          required={['name', 'from', 'to', 'match']}
          initial={open === 'new' ? {} : { name: open.name, from: open.from, to: open.to, match: open.match }}
          onClose={() => setOpen(null)}
          foot={open !== 'new' && <Button kind="quiet" onClick={() => (setRemoving(open), setOpen(null))}>{m.alert.removeWindow}</Button>}
          onSave={async (patch) => {
            if (open === 'new') await api.post('/alert-windows', patch)
            else await api.patch(`/alert-windows/${open.id}`, forServer(patch, fields), { version: open.version })
            await refresh()
            setOpen(null)
          }}
        >
          {(_, set) => (
            <div className={css.quick}>
              <Button kind="link" onClick={() => set({ match: 'true' })}>{m.alert.everything}</Button>
              <Button kind="link" onClick={() => set({ match: "alert.object == 'his-db-01'" })}>{m.alert.oneObject}</Button>
              <Button kind="link" onClick={() => set({ match: "alert.severity in ['warning', 'info']" })}>{m.alert.onlyMild}</Button>
            </div>
          )}
        </SettingDrawer>
      )}
      {removing && <Confirm title={m.alert.removeWindowAsk(removing.name)} action={m.alert.removeWindow} danger onClose={() => setRemoving(null)} onConfirm={async () => (await remove(`/alert-windows/${removing.id}`, m.alert.removed(removing.name)), setRemoving(null))} />}
    </AlertLayout>
  )
}

export const objectFilters = ['q', 'customer']

/** What is monitored, and whose it is. */
export function ObjectsPage({ filters, onFilters }: { filters: Filters; onFilters: (f: Filters) => void }) {
  const m = useM()
  const query = useInfiniteQuery({ ...objectsQuery(filters), placeholderData: (old) => old })
  const rows = query.data?.pages.flatMap((p) => p.items)
  const names = useRefNames((rows ?? []).flatMap((o) => [{ to: 'customer', id: o.customer }, { to: 'service', id: o.service }, { to: 'site', id: o.site }, { to: 'team', id: o.team }]))
  const { refresh, remove } = useSetup()
  const [open, setOpen] = useState<MonitoredObject | 'new' | null>(null)
  const fields: FieldMeta[] = [
    { name: 'name', type: 'text', label: m.alert.object, max_len: 300, help: m.alert.objectHint },
    { name: 'customer', type: 'ref', to: 'customer', label: m.fields.customer },
    { name: 'service', type: 'ref', to: 'service', label: m.fields.service },
    { name: 'site', type: 'ref', to: 'site', label: m.fields.site },
    { name: 'team', type: 'ref', to: 'team', label: m.alert.f.team, help: m.alert.objectTeam },
    { name: 'note', type: 'text', label: m.alert.note, max_len: 2000 },
  ]
  const filtered = Object.keys(filters).length > 0
  return (
    <AlertLayout>
      <PageFrame
        title={m.alert.objects}
        sub={m.alert.objectsHint}
        tools={<Button kind="primary" icon={plus} onClick={() => setOpen('new')}>{m.alert.addObject}</Button>}
        bar={<FilterRow search={m.alert.object} fields={[{ name: 'customer', type: 'ref', to: 'customer', label: m.fields.customer }]} filters={filters} onChange={onFilters} />}
      >
        <DataTable
          label={m.alert.objects}
          rows={rows}
          error={query.isError ? query.error : undefined}
          onRetry={() => void query.refetch()}
          more={query.hasNextPage ? { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() } : null}
          rowKey={(o) => o.id}
          onOpen={setOpen}
          empty={filtered ? m.alert.objectsNone(filters.q ?? '') : m.alert.objectsEmpty}
          emptyAction={filtered ? <Button onClick={() => setOpen('new')}>{m.alert.addObject}</Button> : undefined}
          columns={[
            { name: 'name', label: m.alert.object, cell: (o) => <RowName onOpen={() => setOpen(o)}>{o.name}</RowName> },
            { name: 'customer', label: m.fields.customer, cell: (o) => names[o.customer] ?? '' },
            { name: 'service', label: m.fields.service, cell: (o) => names[o.service] ?? '' },
            { name: 'site', label: m.fields.site, cell: (o) => names[o.site] ?? '' },
            { name: 'team', label: m.alert.f.team, cell: (o) => names[o.team] ?? '' },
            { name: 'note', label: m.alert.note, cell: (o) => <span className="sub">{o.note}</span> },
          ]}
        />
      </PageFrame>
      {open && (
        <SettingDrawer
          key={open === 'new' ? 'new' : open.id}
          title={open === 'new' ? m.alert.addObject : m.alert.editObject(open.name)}
          action={open === 'new' ? m.alert.addObject : m.app.save}
          fields={fields}
          required={['name', 'customer']}
          initial={open === 'new' ? (filters.q ? { name: filters.q } : {}) : { name: open.name, customer: open.customer || null, service: open.service || null, site: open.site || null, team: open.team || null, note: open.note || null }}
          names={names}
          onClose={() => setOpen(null)}
          foot={open !== 'new' && <Button kind="quiet" onClick={() => void remove(`/alert-objects/${open.id}`, m.alert.removed(open.name)).then(() => setOpen(null))}>{m.alert.removeObject}</Button>}
          onSave={async (patch, all) => {
            if (open === 'new') await api.post('/alert-objects', { ...Object.fromEntries(Object.entries(patch).filter(([, v]) => v !== null)), name: all.name })
            else await api.patch(`/alert-objects/${open.id}`, forServer(patch, fields), { version: open.version })
            await refresh()
            setOpen(null)
          }}
        />
      )}
    </AlertLayout>
  )
}
