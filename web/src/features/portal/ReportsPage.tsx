import { useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { metaQuery } from '@/api/queries'
import { useSession } from '@/api/session'
import type { Summary } from '@/api/types'
import { useNow } from '@/shared/lib/clock'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { moment } from '@/shared/lib/time'
import { Button, ButtonLink } from '@/shared/ui/Button'
import { Choices } from '@/shared/ui/Choices'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { StateTag } from '@/shared/ui/StateTag'
import { expectation, typesOf, useMine, waitsForYou } from './model'
import css from './portal.module.css'

export interface ReportsSearch {
  of?: 'org'
  show?: 'closed' | 'all'
}

/** All I reported; for a responsible person also what colleagues reported. */
export function ReportsPage({ search, onSearch }: { search: ReportsSearch; onSearch: (s: ReportsSearch) => void }) {
  const m = useM()
  const now = useNow()
  const session = useSession()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const [limit, setLimit] = useState(50)
  const seesAll = session.perms.includes('record.see_organisation')
  const org = search.of === 'org' && seesAll
  const list = useMine({ ...(org ? {} : { requester: 'me' }), ...(search.show === 'all' ? {} : search.show === 'closed' ? { open: 'false' } : { open: true }) }, limit)
  const with_ = (patch: Partial<Record<keyof ReportsSearch, string | undefined>>) => onSearch(Object.fromEntries(Object.entries({ ...search, ...patch }).filter(([, v]) => v)) as ReportsSearch)
  return (
    <div className={css.page}>
      <header className={css.listHead}>
        <h1 className={css.pageTitle}>{m.portal.listTitle}</h1>
        {seesAll && <Choices label={m.portal.whose} options={[{ value: 'me', label: m.portal.ofMe }, { value: 'org', label: m.portal.ofOrg }]} value={org ? 'org' : 'me'} onChange={(v) => with_({ of: v === 'org' ? 'org' : undefined })} />}
        <Choices label={m.portal.which_} options={[{ value: 'open', label: m.portal.open }, { value: 'closed', label: m.portal.closed }, { value: 'all', label: m.portal.everything }]} value={search.show ?? 'open'} onChange={(v) => with_({ show: v === 'open' ? undefined : (v ?? undefined) })} />
        {typesOf(meta).some((t) => t.type === 'incident') && <ButtonLink kind="primary" to="/portal/report" className={css.newButton}>{m.portal.report}</ButtonLink>}
      </header>
      <section className={css.card}>
        {list.isPending ? (
          <Skeleton rows={5} />
        ) : list.error ? (
          <ErrorState error={list.error} onRetry={list.refetch} />
        ) : list.items.length === 0 ? (
          <p className={css.empty}>{search.show ? m.portal.emptyAll : m.portal.emptyOpen}</p>
        ) : (
          <table className={css.table} aria-label={m.portal.listTitle}>
            <thead>
              <tr>
                <th scope="col">{m.portal.title}</th>
                <th scope="col">{m.portal.number}</th>
                {org && <th scope="col">{m.portal.reporter}</th>}
                <th scope="col">{m.portal.state}</th>
                <th scope="col">{m.portal.expected}</th>
                <th scope="col">{m.portal.when}</th>
              </tr>
            </thead>
            <tbody>{list.items.map((r) => <Row key={r.number} r={r} org={org} now={now} />)}</tbody>
          </table>
        )}
      </section>
      {list.more && limit < 200 && <div className={css.center}><Button onClick={() => setLimit(200)}>{m.portal.more}</Button></div>}
    </div>
  )
}

function Row({ r, org, now }: { r: Summary; org: boolean; now: number }) {
  const m = useM()
  const expect = expectation(r, now, m, true)
  const late = expect === m.portal.late
  return (
    <tr className={cx(waitsForYou(r) && css.yours)}>
      <td data-col="title"><Link to="/portal/r/$number" params={{ number: r.number }}>{r.title}</Link></td>
      <td data-col="number"><span className="muted no">{r.number}</span></td>
      {org && <td data-col="who">{r.requester?.name}</td>}
      <td data-col="state"><StateTag kind={r.state.kind} label={r.state.label} waitingOn={r.state.waiting_on || null} progress={r.state.progress} /></td>
      <td data-col="expect" className={cx(late && css.late, 'num')}>{expect === r.state.label ? '' : expect}</td>
      <td data-col="when" className="sub num">{moment(r.created_at, now)}</td>
    </tr>
  )
}
