import { useQuery } from '@tanstack/react-query'
import { Select, TreeSelect } from 'antd'
import { useDeferredValue, useState } from 'react'
import { optionsQuery } from '@/api/queries'
import type { Option } from '@/api/types'
import { useM } from '../lib/i18n'
import css from './form.module.css'
import type { EditorProps } from './FormFields'

const status = (p: EditorProps) => (p.a11y['aria-invalid'] ? { status: 'error' as const } : {})
const orNull = (v: unknown) => (v === undefined || (Array.isArray(v) && v.length === 0) ? null : v)

/** Options of an enum, to be found by typing. */
export function OptionPicker(p: EditorProps) {
  const m = useM()
  const { field: f } = p
  return (
    <Select
      {...p.a11y}
      {...status(p)}
      className={css.full}
      {...(f.multiple ? { mode: 'multiple' as const } : {})}
      value={(p.value ?? undefined) as string | undefined}
      onChange={(v: unknown) => p.onChange(orNull(v))}
      options={(f.options ?? []).map((o) => ({ value: o.value, label: o.label, hint: o.hint }))}
      optionRender={(o) => <span>{o.label}{o.data.hint && <span className="muted"> {o.data.hint}</span>}</span>}
      showSearch={{ optionFilterProp: 'label' }}
      allowClear={!f.required}
      autoFocus={!!p.autoFocus}
      placeholder={f.placeholder || (f.multiple ? m.form.chooseMany : m.form.choose)}
      notFoundContent={m.app.nothingFound}
    />
  )
}

interface Node {
  value: string
  title: string
  children: Node[]
}
function tree(options: Option[]): Node[] {
  const nodes = new Map(options.map((o) => [o.value, { value: o.value, title: o.label, children: [] as Node[] }]))
  const roots: Node[] = []
  for (const o of options) {
    const node = nodes.get(o.value)
    if (!node) continue
    const parent = o.parent ? nodes.get(o.parent) : undefined
    ;(parent ? parent.children : roots).push(node)
  }
  return roots
}

export function TreePicker(p: EditorProps) {
  const m = useM()
  const { field: f } = p
  return (
    <TreeSelect
      {...p.a11y}
      {...status(p)}
      className={css.full}
      treeData={tree(f.options ?? [])}
      value={(p.value ?? undefined) as string | undefined}
      onChange={(v: unknown) => p.onChange(orNull(v))}
      multiple={!!f.multiple}
      showSearch={{ treeNodeFilterProp: 'title' }}
      treeDefaultExpandAll={(f.options?.length ?? 0) < 40}
      allowClear={!f.required}
      autoFocus={!!p.autoFocus}
      placeholder={f.placeholder || m.form.choose}
      notFoundContent={m.app.nothingFound}
    />
  )
}

/** Anything that can be referred to: people, sites, records. Looked for at the server as one types. */
export function RefPicker(p: EditorProps) {
  const m = useM()
  const { field: f, names = {} } = p
  const [text, setText] = useState('')
  const [opened, setOpened] = useState(!!p.autoFocus)
  const q = useDeferredValue(text)
  const scoped = f.to && !['customer', 'supplier', 'staff', 'team'].includes(f.to) ? p.customer : undefined
  const found = useQuery({ ...optionsQuery(f.to ?? 'person', q, scoped), enabled: opened, placeholderData: (old) => old })
  const [labels, setLabels] = useState<Record<string, string>>({})
  const chosen = Array.isArray(p.value) ? (p.value as string[]) : p.value ? [p.value as string] : []
  const items = found.data ?? []
  const known = chosen.filter((id) => !items.some((x) => x.id === id)).map((id) => ({ value: id, label: labels[id] ?? names[id] ?? id, hint: '' }))
  return (
    <Select
      {...p.a11y}
      {...status(p)}
      className={css.full}
      {...(f.multiple ? { mode: 'multiple' as const } : {})}
      value={(f.multiple ? chosen : chosen[0]) as string | undefined}
      onChange={(v: unknown) => {
        setLabels({ ...labels, ...Object.fromEntries(items.map((x) => [x.id, x.label])) })
        setText('')
        p.onChange(orNull(v))
      }}
      options={[...(text ? [] : known), ...items.map((x) => ({ value: x.id, label: x.label, hint: x.hint ?? '' }))]}
      labelRender={({ value, label }) => label ?? labels[String(value)] ?? names[String(value)] ?? String(value)}
      optionRender={(o) => <span>{o.label}{o.data.hint && <span className="muted"> {o.data.hint}</span>}</span>}
      showSearch={{ filterOption: false, onSearch: setText }}
      onOpenChange={(open) => open && setOpened(true)}
      onFocus={() => setOpened(true)}
      loading={found.isFetching}
      allowClear={!f.required}
      autoFocus={!!p.autoFocus}
      placeholder={f.placeholder || m.form.type}
      notFoundContent={found.isFetching ? m.app.loading : found.isError ? m.error.network : m.app.nothingFound}
    />
  )
}
