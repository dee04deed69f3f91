import { useQuery } from '@tanstack/react-query'
import { MoreHorizontal, Plus } from 'lucide-react'
import { Fragment, useState } from 'react'
import { api } from '@/api/client'
import { say } from '@/api/problem'
import type { FieldMeta, Page } from '@/api/types'
import { pick, useM } from '@/shared/lib/i18n'
import { cx } from '@/shared/lib/cx'
import { Button, IconButton } from '@/shared/ui/Button'
import { Checkbox } from '@/shared/ui/Checkbox'
import { Confirm } from '@/shared/ui/Confirm'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Menu } from '@/shared/ui/Menu'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import css from './admin.module.css'
import { EntryDrawer } from './EntryForm'
import { useRoles, type Role } from './GrantsPage'
import { useStaleEntries } from './model'

interface Perm {
  code: string
  label: { zh: string; en: string }
  customers: boolean
}

/** What each role may do, as one table; ticks take effect when saved. */
export function RolesPage() {
  const m = useM()
  const stale = useStaleEntries()
  const roles = useRoles()
  const perms = useQuery({ queryKey: ['entries:/permissions'], queryFn: () => api.get<Page<Perm>>('/permissions'), select: (p) => p.items })
  const [edits, setEdits] = useState<Record<string, string[]>>({})
  const [drawer, setDrawer] = useState<'new' | Role | null>(null)
  const [deleting, setDeleting] = useState<Role | null>(null)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState('')
  if (roles.isPending || perms.isPending) return <Skeleton rows={12} />
  if (roles.isError || perms.isError) return <ErrorState error={roles.error ?? perms.error} onRetry={() => (void roles.refetch(), void perms.refetch())} />
  const groups = new Map<string, Perm[]>()
  for (const p of perms.data) {
    const g = p.code.split('.')[0] ?? ''
    groups.set(g, [...(groups.get(g) ?? []), p])
  }
  const held = (r: Role) => edits[r.code] ?? r.perms
  const same = (a: string[], b: string[]) => a.length === b.length && a.every((x) => b.includes(x))
  const touched = roles.data.filter((r) => edits[r.code] && !same(edits[r.code] ?? [], r.perms))
  const toggle = (r: Role, code: string) => setEdits((e) => ({ ...e, [r.code]: held(r).includes(code) ? held(r).filter((x) => x !== code) : [...held(r), code] }))
  const save = async () => {
    setBusy(true)
    setFailed('')
    const wrong: string[] = []
    for (const r of touched) {
      try {
        await api.patch(`/roles/${r.code}`, { perms: [...(edits[r.code] ?? [])].sort() }, { version: r.version })
        setEdits((all) => Object.fromEntries(Object.entries(all).filter(([code]) => code !== r.code)))
      } catch (e) {
        wrong.push(`${pick(r.label)}: ${say(e, m.error.network)}`)
      }
    }
    await stale('/roles')
    setBusy(false)
    if (wrong.length > 0) setFailed(wrong.join(' '))
    else toast(m.admin.saved(m.admin.roles))
  }
  const remove = async (r: Role) => {
    try {
      await api.delete(`/roles/${r.code}`)
      await stale('/roles')
      toast(m.admin.roleDeleted)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
    setDeleting(null)
  }
  const f = m.admin.fields
  const fields: FieldMeta[] = [
    ...(drawer === 'new' ? [{ name: 'code', type: 'text' as const, label: f.code, max_len: 40, help: m.admin.hints.roleCode }] : []),
    { name: 'zh', type: 'text', label: m.admin.roleZh, max_len: 60 },
    { name: 'en', type: 'text', label: m.admin.roleEn, max_len: 60 },
    ...(drawer === 'new' ? [{ name: 'side', type: 'enum' as const, label: f.side, required: true, options: [{ value: 'provider', label: m.admin.sides.provider ?? '' }, { value: 'customer', label: m.admin.sides.customer ?? '' }] }] : []),
  ]
  return (
    <>
      <PageFrame
        title={m.admin.matrix}
        tools={<Button icon={<Plus size={15} strokeWidth={1.75} />} onClick={() => setDrawer('new')}>{m.admin.add(m.admin.kind.role)}</Button>}
        bar={<p className={css.hint}>{m.admin.matrixHint}{failed && <span role="alert" className={css.minus}> {failed}</span>}</p>}
      >
        <div className={css.matrixWrap} tabIndex={0} role="region" aria-label={m.admin.matrix}>
          <table className={css.matrix}>
            <thead>
              <tr>
                <th scope="col">{m.admin.permission}</th>
                {roles.data.map((r) => (
                  <th key={r.code} scope="col">
                    <span className={css.roleHead}>
                      {pick(r.label)}
                      <span className={css.roleMeta}>{m.admin.holders(r.people)}{r.builtin && ` · ${r.edited ? m.admin.edited : m.admin.builtin}`}</span>
                      <Menu
                        label={m.admin.roleActions(pick(r.label))}
                        groups={[{ items: [
                          { id: 'name', label: m.admin.rename, run: () => setDrawer(r) },
                          ...(r.builtin ? [] : [{ id: 'delete', label: m.admin.roleDelete(pick(r.label)), danger: true, ...(r.people > 0 ? { off: m.admin.holders(r.people) } : {}), run: () => setDeleting(r) }]),
                        ] }]}
                      >
                        {(b) => <IconButton small {...b} label={m.admin.roleActions(pick(r.label))} icon={<MoreHorizontal size={14} strokeWidth={1.75} />} />}
                      </Menu>
                    </span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {[...groups].map(([g, list]) => (
                <Fragment key={g}>
                  <tr><th scope="rowgroup" colSpan={roles.data.length + 1}>{m.admin.groups[g] ?? g}</th></tr>
                  {list.map((p) => (
                    <tr key={p.code}>
                      <th scope="row">{pick(p.label)}</th>
                      {roles.data.map((r) => {
                        const on = held(r).includes(p.code)
                        const closed = r.side === 'customer' && !p.customers
                        return (
                          <td key={r.code} className={cx(closed && css.cellOff, !closed && on !== r.perms.includes(p.code) && css.cellNew)}>
                            {closed ? <span aria-label={m.admin.none}>–</span> : <Checkbox label={m.admin.has(pick(r.label), pick(p.label))} hideLabel checked={on} onChange={() => toggle(r, p.code)} />}
                          </td>
                        )
                      })}
                    </tr>
                  ))}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      </PageFrame>
      {touched.length > 0 && (
        <div className={css.footBar}>
          <Button kind="primary" busy={busy} onClick={() => void save()}>{m.admin.saveRoles(touched.length)}</Button>
          <Button kind="quiet" onClick={() => setEdits({})}>{m.admin.discard}</Button>
          <span className={css.unsaved}>{touched.map((r) => pick(r.label)).join(m.app.listSep)}</span>
        </div>
      )}
      {drawer && (
        <EntryDrawer
          title={drawer === 'new' ? m.admin.add(m.admin.kind.role) : m.admin.edit(m.admin.kind.role)}
          {...(drawer === 'new' ? {} : { sub: drawer.code })}
          action={drawer === 'new' ? m.admin.add(m.admin.kind.role) : m.app.save}
          fields={fields}
          required={['code', 'zh', 'en', 'side']}
          initial={drawer === 'new' ? {} : { zh: drawer.label.zh, en: drawer.label.en }}
          onClose={() => setDrawer(null)}
          onSave={async (patch) => {
            if (drawer === 'new') await api.post('/roles', { ...patch, perms: [] })
            else await api.patch(`/roles/${drawer.code}`, patch, { version: drawer.version })
            await stale('/roles')
            setDrawer(null)
          }}
        />
      )}
      {deleting && <Confirm title={m.admin.roleDeleteAsk(pick(deleting.label))} action={m.admin.roleDelete(pick(deleting.label))} danger onConfirm={() => remove(deleting)} onClose={() => setDeleting(null)}><p>{m.admin.roleDeleteText}</p></Confirm>}
    </>
  )
}
