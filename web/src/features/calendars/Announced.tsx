import { useQuery } from '@tanstack/react-query'
import { CircleCheck, ExternalLink, TriangleAlert } from 'lucide-react'
import { publicDaysQuery } from '@/api/sla'
import { useNow } from '@/shared/lib/clock'
import { useM } from '@/shared/lib/i18n'
import css from './calendars.module.css'

/** From October on: next year's notice is not in yet. */
export function NoticeMissing() {
  const m = useM()
  const today = new Date(useNow())
  const next = today.getFullYear() + 1
  const late = today.getMonth() >= 9
  const days = useQuery({ ...publicDaysQuery(next), enabled: late })
  if (!late || !days.data || days.data.announced) return null
  return (
    <p className={css.warn} role="status">
      <TriangleAlert size={15} strokeWidth={1.75} aria-hidden />
      <span>{m.calendars.missing(next)}</span>
    </p>
  )
}

/** Whether a year's days are known, with the notices they come from. */
export function Announced({ year }: { year: number }) {
  const m = useM()
  const days = useQuery(publicDaysQuery(year))
  if (!days.data) return null
  if (!days.data.announced) return <p className={css.unknown}><TriangleAlert size={14} strokeWidth={1.75} aria-hidden /> {m.calendars.missingYear(year)}</p>
  return (
    <p className={css.known}>
      <CircleCheck size={14} strokeWidth={1.75} aria-hidden /> {m.calendars.notices(year)}
      {days.data.notices.map((n) => <a key={n} href={n} target="_blank" rel="noreferrer">{m.calendars.notice(year)} <ExternalLink size={12} strokeWidth={1.75} aria-hidden /></a>)}
    </p>
  )
}
