import { useQueries, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ArrowDownUp, Columns3, Download, Kanban, Plus } from 'lucide-react'
import { useRef, useState } from 'react'
import { api, apiUrl } from '@/api/client'
import { countQuery, metaQuery, viewsQuery } from '@/api/queries'
import { say } from '@/api/problem'
import type { SavedView, TypeMeta } from '@/api/types'
import { canonical } from '@/shared/list/filters'
import { allColumns, columnOf, defaultColumns } from '@/shared/list/columns'
import { useM } from '@/shared/lib/i18n'
import { Button, ButtonLink } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Confirm } from '@/shared/ui/Confirm'
import { Dialog } from '@/shared/ui/Dialog'
import { Field, Input } from '@/shared/ui/Field'
import { Menu } from '@/shared/ui/Menu'
import { Popover } from '@/shared/ui/Popover'
import { ViewTabs } from '@/shared/ui/Tabs'
import { toast } from '@/shared/ui/Toast'
import css from './ListPage.module.css'
import type { ListState, View } from './views'

const icon = { size: 15, strokeWidth: 1.75 } as const

/** Views as tabs with counts; at the right columns, export, board and new. */
export function ListHead({ type, views, state, onState }: { type: TypeMeta; views: View[]; state: ListState; onState: (patch: Partial<ListState>) => void }) {
  const m = useM()
  const counts = useQueries({ queries: views.map((v) => ({ ...countQuery(type, v.filters), enabled: v.id !== 'all' })) })
  const columns = useRef<HTMLButtonElement>(null)
  const [choosing, setChoosing] = useState(false)
  const query = { ...state.filters, sort: state.sort, columns: (state.columns ?? defaultColumns(type)).join(',') }
  return (
    <div className={css.head}>
      <ViewTabs
        label={m.list.views}
        value={state.view.id}
        onChange={(id) => {
          const view = views.find((v) => v.id === id)
          if (view) onState({ view, filters: view.filters, sort: view.sort, columns: view.columns })
        }}
        items={views.map((v, i) => ({ id: v.id, label: v.label, count: counts[i]?.data ?? v.saved?.count ?? null }))}
      />
      <div className={css.tools}>
        {type.board && <Link to="/t/$plural/board" params={{ plural: type.plural }} search={state.filters} className={css.sort}><Kanban {...icon} aria-hidden />{m.list.board}</Link>}
        <Button kind="quiet" ref={columns} icon={<Columns3 {...icon} />} onClick={() => setChoosing(!choosing)} aria-expanded={choosing}>{m.list.columns}</Button>
        <Menu label={m.list.export} align="end" groups={[{ items: ['xlsx', 'csv'].map((format) => ({ id: format, label: m.list.exportAs(format.toUpperCase()), run: () => window.location.assign(apiUrl(`/${type.plural}/export`, { ...query, format })) })) }]}>
          {(b) => <Button kind="quiet" icon={<Download {...icon} />} {...b}>{m.list.export}</Button>}
        </Menu>
        {type.create && <ButtonLink to="/new/$plural" params={{ plural: type.plural }} icon={<Plus {...icon} />}>{m.list.create(type.label)}</ButtonLink>}
      </div>
      <Popover anchor={columns} open={choosing} onClose={() => setChoosing(false)} align="end" label={m.list.columns} width={220}>
        <ColumnChoice type={type} chosen={state.columns ?? defaultColumns(type)} onChange={(cols) => onState({ columns: cols })} />
      </Popover>
    </div>
  )
}

function ColumnChoice({ type, chosen, onChange }: { type: TypeMeta; chosen: string[]; onChange: (c: string[]) => void }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const all = allColumns(type)
  return (
    <div className={css.cols}>
      <p>{m.list.columnsHint}</p>
      {all.map((name) => {
        const c = columnOf(name, type, meta, m)
        if (!c) return null
        const fixed = name === 'number' || name === 'title'
        return <Checkbox key={name} label={c.label} checked={chosen.includes(name)} disabled={fixed} onChange={(e) => onChange(e.target.checked ? all.filter((n) => n === name || chosen.includes(n)) : chosen.filter((n) => n !== name))} />
      })}
    </div>
  )
}

/** "Changed · save as view" as soon as the list differs from its view, and the order. */
export function ListTools({ type, state, onState }: { type: TypeMeta; state: ListState; onState: (patch: Partial<ListState>) => void }) {
  const m = useM()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<'save' | 'rename' | 'delete' | null>(null)
  const changed = canonical(state.filters) !== canonical(state.view.filters) || state.sort !== state.view.sort || (state.columns ?? []).join() !== (state.view.columns ?? []).join()
  const mine = state.view.saved?.mine !== false && state.view.saved ? state.view.saved : null
  const query = () => canonical({ ...state.filters, sort: state.sort })
  const write = async (call: () => Promise<unknown>) => {
    try {
      const back = await call()
      await client.invalidateQueries(viewsQuery)
      setDialog(null)
      return back
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
      return undefined
    }
  }
  const create = async (name: string, shared: boolean) => {
    const view = (await write(() => api.post<SavedView>('/views', { type: type.type, name, shared, query: query(), columns: state.columns ?? [] }))) as SavedView | undefined
    if (!view) return
    toast(m.list.viewSaved(name))
    void navigate({ to: '/t/$plural', params: { plural: type.plural }, search: { view: view.id }, replace: true })
  }
  const sorts = type.sorts?.length ? type.sorts : ['due', 'priority', '-created_at', '-updated_at', 'number']
  return (
    <>
      {changed && (
        <>
          <span className={css.changed}>{m.list.changed}</span>
          {mine && <button type="button" className={css.link} onClick={() => void write(() => api.patch(`/views/${mine.id}`, { query: query(), columns: state.columns ?? [] }))}>{m.list.updateView}</button>}
          <button type="button" className={css.link} onClick={() => setDialog('save')}>{m.list.saveView}</button>
          <button type="button" className={css.link} onClick={() => onState({ filters: state.view.filters, sort: state.view.sort, columns: state.view.columns })}>{m.list.reset}</button>
        </>
      )}
      {!changed && mine && (
        <>
          <button type="button" className={css.link} onClick={() => setDialog('rename')}>{m.list.renameView}</button>
          <button type="button" className={css.link} onClick={() => setDialog('delete')}>{m.list.deleteView}</button>
        </>
      )}
      <Menu label={m.list.sort} align="end" groups={[{ items: sorts.map((s) => ({ id: s, label: m.list.sorts[s] ?? s, checked: s === state.sort, run: () => onState({ sort: s }) })) }]}>
        {(b) => <button type="button" className={css.sort} {...b}><ArrowDownUp {...icon} size={14} aria-hidden />{m.list.sorts[state.sort] ?? state.sort}</button>}
      </Menu>
      {(dialog === 'save' || dialog === 'rename') && (
        <ViewDialog
          initial={dialog === 'rename' ? mine : null}
          onClose={() => setDialog(null)}
          onSave={(name, shared) => void (dialog === 'rename' && mine ? write(() => api.patch(`/views/${mine.id}`, { name, shared })) : create(name, shared))}
        />
      )}
      {dialog === 'delete' && mine && (
        <Confirm
          title={m.list.deleteViewAsk(mine.name)}
          action={m.list.deleteView}
          danger
          onClose={() => setDialog(null)}
          onConfirm={async () => {
            await write(() => api.delete(`/views/${mine.id}`))
            toast(m.list.viewDeleted(mine.name))
            void navigate({ to: '/t/$plural', params: { plural: type.plural }, search: {}, replace: true })
          }}
        />
      )}
    </>
  )
}

function ViewDialog({ initial, onSave, onClose }: { initial: SavedView | null; onSave: (name: string, shared: boolean) => void; onClose: () => void }) {
  const m = useM()
  const [name, setName] = useState(initial?.name ?? '')
  const [shared, setShared] = useState(!!initial?.shared)
  return (
    <Dialog
      title={initial ? m.list.renameView : m.list.saveView}
      onClose={onClose}
      onSubmit={() => name.trim() && onSave(name.trim(), shared)}
      width={420}
      foot={
        <>
          <Button type="submit" kind="primary">{m.list.saveView}</Button>
          <Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button>
        </>
      }
    >
      <Field label={m.list.viewName} required stacked>{(a) => <Input {...a} data-autofocus value={name} maxLength={60} onChange={(e) => setName(e.target.value)} />}</Field>
      <Checkbox label={m.list.viewShared} checked={shared} onChange={(e) => setShared(e.target.checked)} />
    </Dialog>
  )
}
