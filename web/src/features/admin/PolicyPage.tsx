import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { FieldMeta } from '@/api/types'
import { useM } from '@/shared/lib/i18n'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { PageFrame } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/Toast'
import css from './admin.module.css'
import { EntryPageForm } from './EntryForm'

const ranges: Record<string, [number, number]> = {
  min_length: [8, 64], classes: [1, 4], history: [0, 24], max_age_days: [0, 3650], lockout_failures: [3, 20], lockout_minutes: [1, 1440], session_idle_minutes: [5, 10080], session_absolute_hours: [1, 720],
}
const order = ['min_length', 'classes', 'dictionary', 'history', 'max_age_days', 'lockout_failures', 'lockout_minutes', 'session_idle_minutes', 'session_absolute_hours']

/** Rules for passwords, locks and sessions. */
export function PolicyPage() {
  const m = useM()
  const client = useQueryClient()
  const query = useQuery({ queryKey: ['entries:/password-policy'], queryFn: () => api.get<Record<string, number | boolean>>('/password-policy') })
  const fields: FieldMeta[] = order.map((name) =>
    name === 'dictionary'
      ? { name, type: 'bool', label: m.admin.policyFields[name] ?? name, required: true }
      : { name, type: 'number', label: m.admin.policyFields[name] ?? name, unit: m.admin.policyUnits[name] ?? '', min: ranges[name]?.[0] ?? 0, max: ranges[name]?.[1] ?? 0, ...(m.admin.policyNotes[name] ? { help: `${m.admin.policyNotes[name]}${m.app.listSep}${m.form.range(String(ranges[name]?.[0]), String(ranges[name]?.[1]))}` } : {}) },
  )
  return (
    <PageFrame title={m.admin.policy} sub={m.admin.policyHint} padded>
      {query.isPending ? (
        <Skeleton rows={8} kind="record" />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <div className={css.narrowForm}>
          <EntryPageForm
            key={JSON.stringify(query.data)}
            fields={fields}
            required={order}
            initial={Object.fromEntries(order.map((n) => [n, query.data[n]]))}
            onSave={async (patch) => {
              client.setQueryData(['entries:/password-policy'], await api.patch('/password-policy', patch))
              toast(m.admin.policySaved)
            }}
          />
        </div>
      )}
    </PageFrame>
  )
}
