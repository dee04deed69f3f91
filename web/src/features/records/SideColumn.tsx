import { useSuspenseQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { metaQuery } from '@/api/queries'
import type { FieldMeta, RecordView, TypeMeta } from '@/api/types'
import { fieldOf, fieldsOf, filled, valueOf } from '@/shared/form/values'
import { focusField } from '@/shared/form/FormFields'
import { useM } from '@/shared/lib/i18n'
import { clockOf, keyOf } from '@/shared/record/clocks'
import { InlineField } from '@/shared/record/InlineField'
import { Button } from '@/shared/ui/Button'
import { PersonChip } from '@/shared/ui/Person'
import { Pair, Section } from '@/shared/ui/Section'
import { SlaBar } from '@/shared/ui/Sla'
import type { Dialogs } from './RecordDialogs'
import css from './SideColumn.module.css'
export { RelatedParts } from './RelatedParts'

const attributes = new Set(['title', 'description', 'assignee', 'team', 'requester', 'customer', 'site', 'service'])

/** Promises, people, customer and site, then the fields of the type by group. */
export function SideColumn({ record, type, wanted, onDialog, onWhy }: { record: RecordView; type: TypeMeta | undefined; wanted: { name: string } | null; onDialog: (d: Dialogs) => void; onWhy: (clock: string) => void }) {
  const m = useM()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const [all, setAll] = useState(false)

  useEffect(() => {
    if (!wanted) return
    setAll(true)
    // The field may only now be drawn: opens its editor and puts the focus there.
    const id = setTimeout(() => {
      const root = [...document.querySelectorAll<HTMLElement>(`[data-field="${CSS.escape(wanted.name)}"]`)].find((x) => x.offsetParent)
      root?.querySelector<HTMLElement>('button')?.click()
      setTimeout(() => focusField(wanted.name), 60)
    }, 60)
    return () => clearTimeout(id)
  }, [wanted])

  if (!type) return null
  const promises = record.promises?.length ? record.promises : record.promise ? [record.promise] : []
  const field = (name: string): FieldMeta | undefined => fieldOf(name, type, meta, m)
  const inline = (name: string, children?: React.ReactNode) => {
    const f = field(name)
    return f && <InlineField key={name} record={record} field={f}>{children}</InlineField>
  }
  const groups = (record.field_order ?? []).map((g) => ({ ...g, fields: fieldsOf(g.fields.filter((n) => !attributes.has(n)), type, meta, m) }))
  const has = (f: FieldMeta) => {
    const v = valueOf(record, f.name)
    return f.type === 'checklist' || f.type === 'signoffs' ? v != null : f.type === 'consent' ? v != null : filled(f, v)
  }
  const hidden = groups.some((g) => g.fields.some((f) => !has(f)))
  const person = (ref: { name: string } | null, role?: string) => (ref ? <PersonChip name={ref.name} role={role} /> : <span className="muted">{m.record.unassigned}</span>)
  return (
    <div>
      {promises.length > 0 && (
        <Section title={m.record.promises}>
          {promises.map((p) => <SlaBar key={keyOf(p)} c={clockOf(p, record, m)} onWhy={p.agreement ? () => onWhy(keyOf(p)) : undefined} />)}
        </Section>
      )}
      <Section title={m.record.people}>
        <Pair name={m.record.handler}>
          <span className={css.line}>
            {person(record.assignee, record.team?.name)}
            {record.can?.assign !== false && <Button kind="link" onClick={() => onDialog('assign')}>{m.record.assign}</Button>}
          </span>
        </Pair>
        {!record.assignee && record.team && <Pair name={m.record.team}>{record.team.name}</Pair>}
        {(record.requester || field('requester')) && inline('requester', person(record.requester))}
      </Section>
      {(record.customer || field('customer')) && (
        <Section title={m.record.customerSite}>
          {inline('customer', record.customer?.name)}
          {inline('site', record.site?.name)}
          {(record.service || field('service')) && inline('service', record.service?.name)}
        </Section>
      )}
      {groups.map((g) => {
        const fields = g.fields.filter((f) => all || has(f))
        if (fields.length === 0) return null
        return <Section key={g.group} title={g.group || m.record.details}>{fields.map((f) => <InlineField key={f.name} record={record} field={f} />)}</Section>
      })}
      {hidden && <Button kind="quiet" className={css.all} onClick={() => setAll(!all)}>{all ? m.record.onlyFilled : m.record.allFields}</Button>}
    </div>
  )
}
