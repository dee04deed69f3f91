import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { FileText, Plus, Search } from 'lucide-react'
import { useDeferredValue, useEffect, useState } from 'react'
import { api } from '@/api/client'
import { metaQuery } from '@/api/queries'
import type { Page, SearchHit } from '@/api/types'
import { useLang, useM } from '@/shared/lib/i18n'
import { closePalette, recent, usePageCommands, usePaletteMode } from '@/shared/lib/palette'
import { Dialog } from '@/shared/ui/Dialog'
import { Icon } from '@/shared/ui/icons'
import { Kbd } from '@/shared/ui/Kbd'
import { StateTag } from '@/shared/ui/StateTag'
import { useLook } from './MeMenu'
import css from './Palette.module.css'

/** Search and commands in one field: what people can do here, where they can go, and every record. */
export default function Palette() {
  const m = useM()
  const language = useLang()
  const navigate = useNavigate()
  const mode = usePaletteMode()
  const commands = usePageCommands()
  const look = useLook()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const [text, setText] = useState('')
  const q = useDeferredValue(text.trim())
  const hits = useQuery({
    queryKey: ['search', 'palette', q],
    queryFn: ({ signal }) => api.get<Page<SearchHit>>('/search', { q, limit: 8 }, signal),
    enabled: q.length > 0 && mode === 'all',
    staleTime: 30_000,
    placeholderData: (old) => old,
  })
  const matches = (label: string) => !q || label.toLowerCase().includes(q.toLowerCase())
  const run = (f: () => void) => () => {
    closePalette()
    f()
  }
  const to = (path: string) => run(() => void navigate({ to: path }))

  const creatable = meta.types.filter((t) => t.create && matches(m.create.title(t.label)))
  const create = (
    <Command.Group heading={m.palette.create} key="create">
      {creatable.map((t) => (
        <Row key={t.type} id={`new-${t.type}`} icon={<Plus size={15} strokeWidth={1.75} />} label={m.create.title(t.label)} onSelect={to(`/new/${t.plural}`)} />
      ))}
    </Command.Group>
  )
  const actions = commands.filter((c) => matches(c.label))
  const places = [{ key: 'work', label: m.shell.work, to: '/', icon: 'work' }, { key: 'notifications', label: m.shell.notifications, to: '/notifications', icon: 'bell' }, ...meta.nav.flatMap((g) => g.items).filter((x) => !['work', 'notifications'].includes(x.key)), { key: 'settings', label: m.shell.settings, to: '/settings', icon: 'settings' }].filter((x) => matches(x.label))
  const looks = [
    { id: 'light', label: `${m.shell.theme}: ${m.shell.themeLight}`, f: () => look({ theme: 'light' }) },
    { id: 'dark', label: `${m.shell.theme}: ${m.shell.themeDark}`, f: () => look({ theme: 'dark' }) },
    { id: 'system', label: `${m.shell.theme}: ${m.shell.themeSystem}`, f: () => look({ theme: 'auto' }) },
    { id: 'lang', label: language === 'zh-CN' ? 'English' : '中文', f: () => look({ language: language === 'zh-CN' ? 'en' : 'zh' }) },
  ].filter((x) => q && matches(x.label))
  const last = recent()
  const items = q ? (hits.data?.items ?? []) : []
  // The best answer stands under the finger: the first record as soon as it is there, else the first line.
  const best = mode === 'create' ? '' : actions[0] && q ? `do-${actions[0].id}` : items[0] ? `r-${items[0].number}` : ''
  const [at, setAt] = useState('')
  useEffect(() => setAt(best), [best, q])

  return (
    <Dialog title={m.palette.title} onClose={closePalette} bare kind="top">
      <Command label={m.palette.title} shouldFilter={false} loop className={css.palette} value={at} onValueChange={setAt}>
        <div className={css.field}>
          <Search size={17} strokeWidth={1.75} aria-hidden />
          <Command.Input autoFocus data-autofocus value={text} onValueChange={setText} placeholder={m.palette.placeholder} className={css.input} />
          {hits.isFetching && <span className={css.busy} role="status" aria-label={m.palette.searching} />}
        </div>
        <Command.List className={css.list}>
          {mode === 'create' && create}
          {mode === 'all' && (
            <>
              {actions.length > 0 && (
                <Command.Group heading={m.palette.actions}>
                  {actions.slice(0, q ? 8 : 6).map((c) => <Row key={c.id} id={`do-${c.id}`} icon={c.icon} label={c.label} k={c.key} onSelect={run(c.run)} />)}
                </Command.Group>
              )}
              {items.length > 0 && (
                <Command.Group heading={m.palette.records}>
                  {items.map((r) => (
                    <Row key={r.number} id={`r-${r.number}`} icon={<FileText size={15} strokeWidth={1.75} />} label={r.title} number={r.number} end={<StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} />} onSelect={to(`/r/${r.number}`)} />
                  ))}
                </Command.Group>
              )}
              {!q && last.length > 0 && (
                <Command.Group heading={m.palette.recent}>
                  {last.map((r) => <Row key={r.number} id={`l-${r.number}`} icon={<FileText size={15} strokeWidth={1.75} />} label={r.title} number={r.number} onSelect={to(`/r/${r.number}`)} />)}
                </Command.Group>
              )}
              {places.length > 0 && (
                <Command.Group heading={m.palette.go}>
                  {places.map((x) => <Row key={x.key} id={`go-${x.key}`} icon={<Icon name={x.icon ?? x.key} size={15} />} label={x.label} onSelect={to(x.to)} />)}
                </Command.Group>
              )}
              {creatable.length > 0 && create}
              {looks.length > 0 && (
                <Command.Group heading={m.palette.view}>
                  {looks.map((x) => <Row key={x.id} id={`look-${x.id}`} label={x.label} onSelect={run(x.f)} />)}
                </Command.Group>
              )}
              {q && (
                <Command.Group>
                  <Row id="all" icon={<Search size={15} strokeWidth={1.75} />} label={m.palette.all(text.trim())} onSelect={run(() => void navigate({ to: '/search', search: { q: text.trim() } }))} />
                </Command.Group>
              )}
            </>
          )}
          <Command.Empty className={css.empty}>{hits.isFetching ? m.palette.searching : m.palette.none}</Command.Empty>
        </Command.List>
        <div className={css.foot} aria-hidden>
          <span><Kbd k="arrowup" /> <Kbd k="arrowdown" /> {m.palette.choose}</span>
          <span><Kbd k="enter" /> {m.palette.open}</span>
          <span><Kbd k="escape" /> {m.palette.dismiss}</span>
        </div>
      </Command>
    </Dialog>
  )
}

function Row({ id, icon, label, number, k, end, onSelect }: { id: string; icon?: React.ReactNode; label: string; number?: string; k?: string | undefined; end?: React.ReactNode; onSelect: () => void }) {
  return (
    <Command.Item value={id} onSelect={onSelect} className={css.row}>
      <span className={css.icon} aria-hidden>{icon}</span>
      <span className="clip">{label}</span>
      {number && <span className={`${css.number} no`}>{number}</span>}
      <span className={css.end}>{end}{k && <Kbd k={k} />}</span>
    </Command.Item>
  )
}
