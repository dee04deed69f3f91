import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useSession } from '@/api/session'
import { agreementsQuery, calendarsQuery, type Calendar } from '@/api/sla'
import { pick, useM } from '@/shared/lib/i18n'
import { week } from '@/shared/promise/hours'
import { ButtonLink } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Chip'
import { DataTable } from '@/shared/ui/DataTable'
import { PageFrame } from '@/shared/ui/Page'
import { NoticeMissing } from './Announced'
import css from './calendars.module.css'

/** The working calendars, and whether next year's holidays are known. */
export function CalendarsPage() {
  const m = useM()
  const navigate = useNavigate()
  const { perms } = useSession()
  const list = useQuery(calendarsQuery)
  const used = useQuery(agreementsQuery)
  const may = perms.includes('sla.manage')
  const uses = (c: Calendar) => used.data?.filter((a) => a.state === 'active' && a.calendar === c.code).length ?? 0
  const add = may && <ButtonLink to="/calendars/$code" params={{ code: '+' }} icon={<Plus size={15} strokeWidth={1.75} />}>{m.calendars.add}</ButtonLink>
  return (
    <PageFrame title={m.calendars.title} sub={m.calendars.hint} tools={add} bar={list.data?.some((c) => c.country === 'CN') && <div className={css.banner}><NoticeMissing /></div>}>
      <DataTable
        label={m.calendars.title}
        rows={list.data}
        error={list.isError ? list.error : undefined}
        onRetry={() => void list.refetch()}
        rowKey={(c) => c.code}
        onOpen={(c) => void navigate({ to: '/calendars/$code', params: { code: c.code } })}
        empty={m.calendars.empty}
        emptyAction={add}
        columns={[
          { name: 'name', label: m.calendars.title, width: 200, cell: (c) => <Link to="/calendars/$code" params={{ code: c.code }} className={css.name}>{pick(c.label)}</Link> },
          { name: 'code', label: m.calendars.code, width: 120, cell: (c) => <span className="sub">{c.code}</span> },
          { name: 'hours', label: m.calendars.hours, cell: (c) => <span className="num">{week(c.spec, m)}</span> },
          { name: 'country', label: m.calendars.country, width: 210, cell: (c) => (c.country ? <Chip>{m.calendars.countryCN}</Chip> : '') },
          { name: 'uses', label: m.calendars.uses, width: 120, cell: (c) => (uses(c) > 0 ? m.calendars.usedBy(uses(c)) : '') },
          { name: 'version', label: m.calendars.version, width: 90, cell: (c) => <span className="muted">{m.promise.version(c.version ?? 1)}</span> },
        ]}
      />
    </PageFrame>
  )
}
