import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api } from '@/api/client'
import type { Instant, Page } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Chip } from '@/shared/ui/Chip'
import { DataTable, RowName } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'

export interface DefinitionInfo {
  type: string
  plural: string
  label: string
  practice: string
  workflows: { code: string; label: string; default: boolean }[]
  versions: { version: number; shipped: boolean; current: boolean; note: string; by: string; published_at: Instant }[]
}

export const definitionsQuery = { queryKey: ['entries:/definitions'], queryFn: () => api.get<Page<DefinitionInfo>>('/definitions') }

/** Every kind of record with its current version. */
export function DefinitionsPage() {
  const m = useM()
  const now = useNow()
  const navigate = useNavigate()
  const query = useQuery(definitionsQuery)
  const open = (d: DefinitionInfo) => void navigate({ to: '/admin/definitions/$type', params: { type: d.type } })
  const current = (d: DefinitionInfo) => d.versions.find((v) => v.current)
  return (
    <PageFrame title={m.admin.definitions} sub={m.admin.defHint}>
      <DataTable
        label={m.admin.definitions}
        rows={query.data?.items}
        error={query.isError ? query.error : undefined}
        onRetry={() => void query.refetch()}
        rowKey={(d) => d.type}
        onOpen={open}
        empty={m.app.none}
        columns={[
          { name: 'label', label: m.admin.type, cell: (d) => <RowName onOpen={() => open(d)}>{d.label}</RowName> },
          { name: 'workflows', label: m.admin.workflows, cell: (d) => <span className="sub">{d.workflows.map((w) => w.label).join(m.app.listSep)}</span> },
          { name: 'practice', label: m.admin.practice, cell: (d) => <span className="muted">{d.practice}</span> },
          { name: 'version', label: m.admin.version, cell: (d) => <span className="num">{current(d)?.version} {current(d)?.shipped && <Chip>{m.admin.shipped}</Chip>}</span> },
          { name: 'published', label: m.admin.published, end: true, cell: (d) => <span className="num sub">{[current(d)?.by, current(d) && moment(current(d)?.published_at ?? '', now)].filter(Boolean).join(' · ')}</span> },
        ]}
      />
    </PageFrame>
  )
}
