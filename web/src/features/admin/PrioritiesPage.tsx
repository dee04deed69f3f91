import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { metaQuery } from '@/api/queries'
import { Problem, say } from '@/api/problem'
import { useSession } from '@/api/session'
import type { Mark, Page } from '@/api/types'
import { pick, useM } from '@/shared/lib/i18n'
import { Button, IconButton } from '@/shared/ui/Button'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { Input } from '@/shared/ui/Field'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import css from './admin.module.css'

interface Words {
  zh: string
  en: string
}
interface Grade {
  value: string
  label: Words
  hint: Words
  mark?: Mark
}
interface SchemeFull {
  code: string
  label: Words
  impacts: Grade[]
  urgencies: Grade[]
  priorities: Grade[]
  matrix: Record<string, Record<string, string>>
  version: number
}

const key = ['entries:/priority-schemes']

/** How impact and urgency make a priority. */
export function PrioritiesPage() {
  const m = useM()
  const query = useQuery({ queryKey: key, queryFn: () => api.get<Page<SchemeFull>>('/priority-schemes') })
  return (
    <PageFrame title={m.admin.priorities} sub={m.admin.schemeHint} padded>
      {query.isPending ? <Skeleton rows={8} kind="record" /> : query.isError ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : query.data.items.map((s) => <Editor key={`${s.code}-${s.version}`} scheme={s} />)}
    </PageFrame>
  )
}

function Editor({ scheme }: { scheme: SchemeFull }) {
  const m = useM()
  const client = useQueryClient()
  const { perms } = useSession()
  const may = perms.includes('definition.manage')
  const [s, setS] = useState(scheme)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [failed, setFailed] = useState('')
  const [busy, setBusy] = useState(false)
  const dirty = JSON.stringify(s) !== JSON.stringify(scheme)
  const save = async () => {
    setBusy(true)
    setErrors({})
    setFailed('')
    try {
      const { version, ...body } = s
      await api.put(`/priority-schemes/${s.code}`, { ...body, version }, { version })
      await Promise.all([client.invalidateQueries({ queryKey: key }), client.invalidateQueries(metaQuery)])
      toast(m.admin.schemeSaved)
    } catch (e) {
      if (e instanceof Problem) {
        setErrors(e.byField())
        if (e.stale) void client.invalidateQueries({ queryKey: key })
      }
      setFailed(e instanceof Problem && e.stale ? m.admin.stale : [say(e, m.error.network), ...(e instanceof Problem ? e.errors.map((x) => x.detail) : [])].join(' '))
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className={css.scheme}>
      <h2>{pick(s.label)}</h2>
      {failed && <p className={css.alert} role="alert">{failed}</p>}
      <table className={css.schemeGrid} aria-label={pick(s.label)}>
        <thead>
          <tr>
            <th scope="col">{m.admin.corner}</th>
            {s.urgencies.map((u) => <th key={u.value} scope="col">{pick(u.label)}</th>)}
          </tr>
        </thead>
        <tbody>
          {s.impacts.map((i) => (
            <tr key={i.value}>
              <th scope="row">{pick(i.label)}</th>
              {s.urgencies.map((u) => (
                <td key={u.value}>
                  <select
                    className={css.select}
                    disabled={!may}
                    aria-label={m.admin.cell(pick(i.label), pick(u.label))}
                    aria-invalid={errors[`matrix.${i.value}.${u.value}`] ? true : undefined}
                    title={errors[`matrix.${i.value}.${u.value}`]}
                    value={s.matrix[i.value]?.[u.value] ?? ''}
                    onChange={(e) => setS({ ...s, matrix: { ...s.matrix, [i.value]: { ...s.matrix[i.value], [u.value]: e.target.value } } })}
                  >
                    {!s.priorities.some((p) => p.value === s.matrix[i.value]?.[u.value]) && <option value="">{m.form.choose}</option>}
                    {s.priorities.map((p) => <option key={p.value} value={p.value}>{pick(p.label)}</option>)}
                  </select>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <Grades title={m.admin.impacts} list={s.impacts} may={may} onChange={(impacts) => setS({ ...s, impacts })} />
      <Grades title={m.admin.urgencies} list={s.urgencies} may={may} onChange={(urgencies) => setS({ ...s, urgencies })} />
      <Grades title={m.admin.grades} list={s.priorities} may={may} marked onChange={(priorities) => setS({ ...s, priorities })} />
      {dirty && (
        <div className={css.saveBar}>
          <Button kind="primary" busy={busy} onClick={() => void save()}>{m.app.save}</Button>
          <Button kind="quiet" onClick={() => (setS(scheme), setFailed(''), setErrors({}))}>{m.admin.discard}</Button>
        </div>
      )}
    </section>
  )
}

/** One scale, highest first, in both languages. */
function Grades({ title, list, onChange, may, marked }: { title: string; list: Grade[]; onChange: (l: Grade[]) => void; may: boolean; marked?: boolean }) {
  const m = useM()
  const set = (i: number, patch: Partial<Grade>) => onChange(list.map((g, k) => (k === i ? { ...g, ...patch } : g)))
  const cell = (i: number, name: string, value: string, take: (v: string) => Partial<Grade>, max: number) => (
    <Input aria-label={`${title} ${i + 1}: ${name}`} readOnly={!may} value={value} maxLength={max} onChange={(e) => set(i, take(e.target.value))} />
  )
  return (
    <details className={css.fold}>
      <summary>{title}</summary>
      <div className={css.grades}>
        <table aria-label={title}>
          <thead>
            <tr>
              <th scope="col">{m.admin.value}</th><th scope="col">{m.admin.zh}</th><th scope="col">{m.admin.en}</th>
              {marked ? <th scope="col">{m.admin.mark}</th> : <><th scope="col">{m.admin.hintZh}</th><th scope="col">{m.admin.hintEn}</th></>}
              <th scope="col"><span className="sr">{m.app.more}</span></th>
            </tr>
          </thead>
          <tbody>
            {list.map((g, i) => (
              <tr key={i}>
                <td>{cell(i, m.admin.value, g.value, (v) => ({ value: v.replace(/\s/g, '') }), 40)}</td>
                <td>{cell(i, m.admin.zh, g.label.zh, (zh) => ({ label: { ...g.label, zh } }), 60)}</td>
                <td>{cell(i, m.admin.en, g.label.en, (en) => ({ label: { ...g.label, en } }), 60)}</td>
                {marked ? (
                  <td>
                    <select className={css.select} disabled={!may} aria-label={`${title} ${i + 1}: ${m.admin.mark}`} value={g.mark ?? 'low'} onChange={(e) => set(i, { mark: e.target.value as Mark })}>
                      {Object.entries(m.admin.marks).map(([v, l]) => <option key={v} value={v}>{l}</option>)}
                    </select>
                  </td>
                ) : (
                  <>
                    <td>{cell(i, m.admin.hintZh, g.hint?.zh ?? '', (zh) => ({ hint: { ...g.hint, zh } }), 200)}</td>
                    <td>{cell(i, m.admin.hintEn, g.hint?.en ?? '', (en) => ({ hint: { ...g.hint, en } }), 200)}</td>
                  </>
                )}
                <td>{may && list.length > 1 && <IconButton small label={m.admin.removeGrade(pick(g.label))} icon={<Trash2 size={14} strokeWidth={1.75} />} onClick={() => onChange(list.filter((_, k) => k !== i))} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {may && <Button size="small" icon={<Plus size={14} strokeWidth={1.75} />} onClick={() => onChange([...list, { value: '', label: { zh: '', en: '' }, hint: { zh: '', en: '' }, ...(marked ? { mark: 'low' as const } : {}) }])}>{m.admin.addGrade}</Button>}
    </details>
  )
}
