import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { api } from '@/api/client'
import { metaQuery } from '@/api/queries'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { DataTable } from '@/shared/ui/DataTable'
import { EmptyState, ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Field, TextArea } from '@/shared/ui/Field'
import { PageFrame } from '@/shared/ui/Page'
import { Section } from '@/shared/ui/Section'
import { ViewTabs } from '@/shared/ui/Tabs'
import { toast } from '@/shared/ui/Toast'
import css from '../admin.module.css'
import { definitionsQuery, type DefinitionInfo } from './DefinitionsPage'
import { diffLines } from './diff'
import { YamlEditor, type EditorHandle } from './YamlEditor'

const Diagram = lazy(() => import('./Diagram'))

export interface DefinitionSearch {
  tab?: 'yaml' | 'versions'
  version?: number
}

/** One definition: its picture, its text, its versions. */
export function DefinitionPage({ type, search, onSearch }: { type: string; search: DefinitionSearch; onSearch: (s: DefinitionSearch) => void }) {
  const m = useM()
  const query = useQuery(definitionsQuery)
  if (query.isPending) return <Skeleton rows={8} />
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  const info = query.data.items.find((d) => d.type === type)
  if (!info) return <EmptyState action={<Link to={'/admin/definitions' as '/'}>{m.admin.back(m.admin.definitions)}</Link>}>{m.admin.gone}</EmptyState>
  const current = info.versions.find((v) => v.current)?.version ?? 1
  const version = search.version ?? current
  const tab = search.tab ?? 'diagram'
  return (
    <PageFrame
      title={<span className="row">{info.label}<Chip>{m.admin.versionN(version)}{version === current && ` · ${m.admin.current}`}</Chip></span>}
      bar={
        <div className={css.tabsBar}><ViewTabs
          label={info.label}
          value={tab}
          onChange={(id) => onSearch({ ...search, ...(id === 'diagram' ? { tab: undefined } : { tab: id as 'yaml' | 'versions' }) } as DefinitionSearch)}
          items={[{ id: 'diagram', label: m.admin.diagram }, { id: 'yaml', label: m.admin.yaml }, { id: 'versions', label: m.admin.versions, count: info.versions.length }]}
        /></div>
      }
    >
      <div className={css.defBody} style={tab === 'yaml' ? { height: '100%' } : undefined}>
        {tab === 'diagram' && <Suspense fallback={<Skeleton rows={6} kind="record" />}><Diagram type={type} label={info.label} version={version} workflows={info.workflows} /></Suspense>}
        {tab === 'yaml' && <Text info={info} version={version} current={current} key={version} onPublished={() => onSearch({ tab: 'versions' })} />}
        {tab === 'versions' && <Versions info={info} onView={(v) => onSearch({ tab: 'yaml', version: v })} />}
      </div>
    </PageFrame>
  )
}

function Versions({ info, onView }: { info: DefinitionInfo; onView: (v: number) => void }) {
  const m = useM()
  const now = useNow()
  return (
    <DataTable
      label={m.admin.versions}
      rows={info.versions}
      rowKey={(v) => String(v.version)}
      onOpen={(v) => onView(v.version)}
      empty={m.app.none}
      columns={[
        { name: 'version', label: m.admin.version, cell: (v) => <span className="row"><span className="num">{m.admin.versionN(v.version)}</span>{v.current && <Chip tone="green">{m.admin.current}</Chip>}{v.shipped && <Chip>{m.admin.shipped}</Chip>}</span> },
        { name: 'note', label: m.admin.note, cell: (v) => v.note },
        { name: 'published', label: m.admin.published, cell: (v) => <span className="num sub">{[v.by, moment(v.published_at, now)].filter(Boolean).join(' · ')}</span> },
        { name: 'do', label: m.admin.view, hideLabel: true, end: true, cell: (v) => <Button size="small" onClick={() => onView(v.version)}>{m.admin.view}</Button> },
      ]}
    />
  )
}

interface Checked {
  ok: boolean
  errors: { line: number; reason: string }[]
  diff: string[]
}

const source = (type: string, version: number) => ({ queryKey: ['definition', type, version], queryFn: () => api.get<{ yaml: string }>(`/definitions/${type}/versions/${version}`), staleTime: Infinity })

/** The text of a version, changed, checked, compared and published. */
function Text({ info, version, current, onPublished }: { info: DefinitionInfo; version: number; current: number; onPublished: () => void }) {
  const m = useM()
  const base = useQuery(source(info.type, version))
  const now = useQuery(source(info.type, current))
  if (base.isPending || now.isPending) return <Skeleton rows={12} kind="record" />
  if (base.isError || now.isError) return <ErrorState error={base.error ?? now.error} onRetry={() => (void base.refetch(), void now.refetch())} />
  return <Editing info={info} start={base.data.yaml} published={now.data.yaml} onPublished={onPublished} key={`${version}-${current}`} label={m.admin.editorLabel} />
}

function Editing({ info, start, published, label, onPublished }: { info: DefinitionInfo; start: string; published: string; label: string; onPublished: () => void }) {
  const m = useM()
  const client = useQueryClient()
  const { perms } = useSession()
  const may = perms.includes('definition.manage')
  const draft = `steward.definition.${info.type}`
  const [text, setText] = useState(() => (may ? (sessionStorage.getItem(draft) ?? start) : start))
  const [asked, setAsked] = useState(text)
  const [note, setNote] = useState('')
  const [noteError, setNoteError] = useState('')
  const [failed, setFailed] = useState('')
  const [busy, setBusy] = useState(false)
  const editor = useRef<EditorHandle>(null)
  const changed = text !== published
  useEffect(() => {
    if (!may) return
    if (text !== start) sessionStorage.setItem(draft, text)
    else sessionStorage.removeItem(draft)
    const id = setTimeout(() => setAsked(text), 700)
    return () => clearTimeout(id)
  }, [text, start, draft, may])
  const check = useQuery({ queryKey: ['definition-check', info.type, asked], queryFn: () => api.post<Checked>(`/definitions/${info.type}/check`, { yaml: asked }), enabled: may && asked !== published, retry: false, staleTime: 60_000, placeholderData: (old) => old })
  const fresh = asked === text && !check.isFetching
  const result = changed ? check.data : undefined
  const bad = new Set(result && !result.ok ? result.errors.map((e) => e.line) : [])
  const lines = useMemo(() => (asked === published ? [] : diffLines(published, asked)), [asked, published])
  const publish = async () => {
    if (!note.trim()) return setNoteError(m.form.requiredField(m.admin.note))
    setBusy(true)
    setFailed('')
    try {
      const done = await api.post<{ version: number }>(`/definitions/${info.type}/publish`, { yaml: text, note: note.trim() })
      sessionStorage.removeItem(draft)
      await Promise.all([client.invalidateQueries({ queryKey: definitionsQuery.queryKey }), client.invalidateQueries(metaQuery)])
      toast(m.admin.publishedN(done.version))
      onPublished()
    } catch (e) {
      setFailed([say(e, m.error.network), ...(e instanceof Problem ? e.errors.map((x) => x.detail) : [])].join(' '))
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={css.editPage}>
      <div className={css.editMain}>
        {!may && <p className="sub">{m.admin.readOnly}</p>}
        <YamlEditor ref={editor} value={text} onChange={may ? setText : undefined} label={label} bad={bad} />
      </div>
      <aside className={css.editSide} aria-label={m.admin.check}>
        <h2 className="sr">{m.admin.check}</h2>
        <Section title={m.admin.check}>
          <div aria-live="polite">
            {!changed ? (
              <p className="muted">{m.admin.noDiff}</p>
            ) : !fresh && !result ? (
              <p className="muted">{m.admin.checking}</p>
            ) : check.isError ? (
              <ErrorState error={check.error} onRetry={() => void check.refetch()} />
            ) : result?.ok ? (
              <p className={css.ok}><Check size={15} strokeWidth={2} aria-hidden />{m.admin.checkOk}</p>
            ) : (
              <>
                <p className={css.minus}>{m.admin.checkErrors(result?.errors.length ?? 0)}</p>
                <ul className={css.errors}>
                  {result?.errors.map((e, i) => <li key={i}><button type="button" onClick={() => editor.current?.goTo(e.line)}><b>{m.admin.lineN(e.line)}</b>{e.reason}</button></li>)}
                </ul>
              </>
            )}
          </div>
        </Section>
        {result?.ok && (
          <Section title={m.admin.parts}>
            {result.diff.length === 0 ? <p className="muted">{m.admin.checkSame}</p> : (
              <ul className={css.partsList}>{result.diff.map((d) => <li key={d} className={d.startsWith('+') ? css.plus : css.minus}><span className="sr">{d.startsWith('+') ? m.admin.added_ : m.admin.removed_} </span>{d}</li>)}</ul>
            )}
          </Section>
        )}
        {lines.length > 0 && (
          <Section title={m.admin.textDiff}>
            <div className={css.diff} tabIndex={0} role="region" aria-label={m.admin.textDiff}>
              {lines.map((l, i) => <div key={i} className={l.kind === 'same' ? undefined : css[l.kind]}><span aria-label={l.kind === 'plus' ? m.admin.added_ : l.kind === 'minus' ? m.admin.removed_ : undefined}>{l.kind === 'plus' ? '+' : l.kind === 'minus' ? '−' : ' '}</span><span>{l.text}</span></div>)}
            </div>
          </Section>
        )}
        {may && changed && (
          <Section title={m.admin.publish}>
            {failed && <p className={css.alert} role="alert">{failed}</p>}
            <Field label={m.admin.note} required stacked error={noteError || undefined} hint={m.admin.noteHint}>
              {(a) => <TextArea {...a} rows={2} maxLength={500} value={note} onChange={(e) => (setNote(e.target.value), setNoteError(''))} />}
            </Field>
            <p className="sub">{m.admin.publishHint}</p>
            <div className={css.actions}>
              {result?.ok && fresh ? <Button kind="primary" busy={busy} onClick={() => void publish()}>{m.admin.publish}</Button> : <span className="muted">{result && !result.ok ? m.admin.checkErrors(result.errors.length) : m.admin.checking}</span>}
              <Button kind="quiet" onClick={() => setText(start)}>{m.admin.discard}</Button>
            </div>
          </Section>
        )}
      </aside>
    </div>
  )
}
