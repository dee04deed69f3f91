import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { templatesQuery, type Template, type Wording } from '@/api/notify'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { useLang, useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { Dialog } from '@/shared/ui/Dialog'
import { Field, Input, TextArea } from '@/shared/ui/Field'
import { PageFrame } from '@/shared/ui/Page'
import { ViewTabs } from '@/shared/ui/Tabs'
import { toast } from '@/shared/ui/Toast'
import css from './notify.module.css'

/** How notices are worded outside of the application, by kind and language. */
export function TemplatesPage() {
  const m = useM()
  const own = useLang() === 'zh-CN' ? 'zh' : 'en'
  const [lang, setLang] = useState<'zh' | 'en'>(own)
  const query = useQuery(templatesQuery)
  const rows = query.data?.items.filter((t) => t.lang === lang && t.kind !== 'test').sort((a, b) => Number(b.kind === 'default') - Number(a.kind === 'default'))
  const [open, setOpen] = useState<Template | null>(null)
  return (
    <PageFrame
      title={m.notify.templates}
      sub={m.notify.templatesHint}
      bar={<div className={css.views}><ViewTabs small label={m.shell.language} value={lang} onChange={(v) => setLang(v as 'zh')} items={[{ id: 'zh', label: m.notify.inChinese }, { id: 'en', label: m.notify.inEnglish }]} /></div>}
    >
      <DataTable
        label={m.notify.templates}
        rows={rows}
        error={query.isError ? query.error : undefined}
        onRetry={() => void query.refetch()}
        rowKey={(t) => t.kind + t.lang}
        onOpen={setOpen}
        empty={m.app.nothingFound}
        columns={[
          { name: 'kind', label: m.notify.kind, width: 200, cell: (t) => <RowName onOpen={() => setOpen(t)}>{t.kind_label}</RowName> },
          { name: 'level', label: m.notify.level, width: 110, cell: (t) => m.notify.levels[t.level] ?? t.level },
          { name: 'subject', label: m.notify.subject, cell: (t) => <code className={css.mono}>{t.subject}</code> },
          { name: 'own', label: m.alert.state, width: 120, end: true, cell: (t) => (t.own ? <Chip tone="accent">{m.notify.ownWording}</Chip> : <span className="muted">{m.notify.shipped}</span>) },
        ]}
      />
      {open && <Editor key={open.kind + open.lang} t={open} variables={query.data?.variables ?? []} onClose={() => setOpen(null)} />}
    </PageFrame>
  )
}

function Editor({ t, variables, onClose }: { t: Template; variables: string[]; onClose: () => void }) {
  const m = useM()
  const client = useQueryClient()
  const [w, setW] = useState<Wording>({ subject: t.subject, body: t.body, short: t.short })
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const tried = useDeferredValue(w)
  const preview = useQuery({ queryKey: ['notify', 'preview', t.lang, tried], queryFn: () => api.post<Wording>('/notification-templates/preview', { lang: t.lang, ...tried }), retry: false, placeholderData: (old) => old, staleTime: Infinity })
  const wrong = (problem instanceof Problem ? problem : preview.error instanceof Problem ? preview.error : null)?.byField() ?? {}
  const path = `/notification-templates/${t.kind}/${t.lang}`
  const done = async (said: string) => {
    await client.invalidateQueries({ queryKey: templatesQuery.queryKey })
    toast(said)
    onClose()
  }
  const save = async () => {
    setBusy(true)
    setProblem(null)
    try {
      await api.put(path, w)
      await done(m.notify.saved)
    } catch (e) {
      setProblem(e)
    } finally {
      setBusy(false)
    }
  }
  const reset = async () => {
    try {
      await api.delete(path)
      await done(m.notify.resetDone)
    } catch (e) {
      setProblem(e)
    }
  }
  const set = (patch: Partial<Wording>) => (setW({ ...w, ...patch }), setProblem(null))
  return (
    <Dialog
      kind="drawer"
      width={900}
      title={t.kind_label}
      sub={t.lang === 'zh' ? m.notify.inChinese : m.notify.inEnglish}
      onClose={onClose}
      onSubmit={() => void save()}
      foot={<><Button type="submit" kind="primary" k="mod+enter" busy={busy}>{m.app.save}</Button><Button kind="quiet" onClick={onClose}>{m.app.cancel}</Button>{t.own && <span className={css.end}><Button kind="quiet" onClick={() => void reset()}>{m.notify.reset}</Button></span>}</>}
    >
      <div className={css.editor}>
        <div className={css.stack}>
          {!!problem && <p role="alert" className={css.alert}>{say(problem, m.error.network)}</p>}
          <Field label={m.notify.subject} hint={m.notify.subjectHint} stacked error={wrong.subject}>{(a) => <Input {...a} value={w.subject} maxLength={300} onChange={(e) => set({ subject: e.target.value })} />}</Field>
          <Field label={m.notify.body} hint={m.notify.bodyHint} stacked error={wrong.body}>{(a) => <TextArea {...a} className={css.mono ?? ''} rows={10} value={w.body} maxLength={8000} onChange={(e) => set({ body: e.target.value })} />}</Field>
          <Field label={m.notify.short} hint={m.notify.shortHint} stacked error={wrong.short}>{(a) => <TextArea {...a} className={css.mono ?? ''} rows={2} value={w.short} maxLength={500} onChange={(e) => set({ short: e.target.value })} />}</Field>
          <div>
            <b>{m.notify.variables}</b>
            <ul className={css.variables}>{variables.map((v) => <li key={v}><code className={css.mono}>{`{{.${v}}}`}</code> <span className="sub">{m.notify.variable[v] ?? ''}</span></li>)}</ul>
          </div>
        </div>
        <section className={css.preview} aria-label={m.notify.preview} aria-live="polite">
          <h3>{m.notify.preview}</h3>
          {preview.data && (
            <>
              <p className={css.previewSubject}>{preview.data.subject}</p>
              <div className={css.previewBody}>{preview.data.body}</div>
              <h3>{m.notify.short}</h3>
              <p className={css.previewShort}>{preview.data.short}</p>
              <p className="muted">{m.notify.sample}</p>
            </>
          )}
        </section>
      </div>
    </Dialog>
  )
}
