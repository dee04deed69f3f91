import { useSuspenseQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { metaQuery, recordQuery } from '@/api/queries'
import { fieldOf } from '@/shared/form/values'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { useKeys } from '@/shared/lib/keys'
import { remember, useCommands } from '@/shared/lib/palette'
import { trailOf } from '@/shared/lib/trail'
import { useNow } from '@/shared/lib/clock'
import { Activity } from '@/shared/record/Activity'
import { clockOf, keyOf } from '@/shared/record/clocks'
import { Composer, type ComposerHandle } from '@/shared/record/Composer'
import { InlineField } from '@/shared/record/InlineField'
import { NextStepBlock, useUrge } from '@/shared/record/NextStepBlock'
import { Strip } from '@/shared/record/Strip'
import { useTransition } from '@/shared/record/useTransition'
import { Button } from '@/shared/ui/Button'
import { Menu } from '@/shared/ui/Menu'
import { SlaTile, tone } from '@/shared/ui/Sla'
import { ViewTabs } from '@/shared/ui/Tabs'
import { MoreHorizontal } from 'lucide-react'
import { RecordDialogs, type Dialogs } from './RecordDialogs'
import { RecordHeader } from './RecordHeader'
import css from './RecordPage.module.css'
import { RelatedParts, SideColumn } from './SideColumn'

const WhyDrawer = lazy(() => import('@/shared/promise/WhyDrawer'))

type Tab = 'activity' | 'details' | 'related'

/** The one record page: what it is, what is next, what happened, and everything known about it. */
export function RecordPage({ number }: { number: string }) {
  const m = useM()
  const now = useNow()
  const navigate = useNavigate()
  const { data: meta } = useSuspenseQuery(metaQuery)
  const { data: record } = useSuspenseQuery(recordQuery(number))
  const type = meta.types.find((t) => t.type === record.type)
  const [tab, setTab] = useState<Tab>('activity')
  const [dialog, setDialog] = useState<Dialogs | null>(null)
  const [why, setWhy] = useState<string | null>(null)
  const composer = useRef<ComposerHandle>(null)
  const [wanted, setWanted] = useState<{ name: string } | null>(null)
  const { start, busy, dialog: stepDialog } = useTransition(record)
  const { urge } = useUrge(record)

  useEffect(() => {
    remember({ number: record.number, title: record.title })
    document.title = `${record.number} ${record.title}`
    return () => {
      document.title = m.app.name
    }
  }, [record.number, record.title, m])

  const act = (transition: string) => {
    const a = record.next_steps.actions.find((x) => x.transition === transition)
    if (a) start(a)
  }
  const go = (to: string | undefined) => to && void navigate({ to: '/r/$number', params: { number: to }, replace: true })
  const trail = trailOf(record.number)
  const reply = (kind: 'public' | 'internal') => {
    setTab('activity')
    requestAnimationFrame(() => composer.current?.open(kind))
  }
  const onField = (name: string) => {
    setTab('details')
    setWanted({ name })
  }
  const clocks = (record.promises ?? []).filter((p) => p.state !== 'met' && !p.stopped_at)
  const whyOf = record.promises?.length ? keyOf(record.promise ?? clocks[0] ?? record.promises[0]!) : null
  const group = m.keys.record
  const can = record.can ?? {}
  useKeys([
    ...record.next_steps.actions.flatMap((a) => (a.key ? [{ keys: a.key.toLowerCase(), label: a.label, group, run: () => act(a.transition) }] : [])),
    { keys: 'j', label: m.keys.nextRow, group, run: () => go(trail?.next) },
    { keys: 'k', label: m.keys.prevRow, group, run: () => go(trail?.prev) },
    { keys: 'enter', label: m.keys.doNext, group, run: () => record.next_steps.yours && record.next_steps.actions[0] && act(record.next_steps.actions[0].transition) },
    { keys: 'r', label: m.keys.reply, group, run: () => reply('public') },
    { keys: 'n', label: m.keys.note, group, run: () => reply('internal') },
    ...(can.assign !== false ? [{ keys: 'a', label: m.keys.assign, group, run: () => setDialog('assign') }] : []),
    ...(record.editable?.includes('impact') ? [{ keys: 'p', label: m.keys.priority, group, run: () => onField('impact') }] : []),
    ...(can.link !== false ? [{ keys: 'l', label: m.keys.link, group, run: () => setDialog('link') }] : []),
    ...(can.urge ? [{ keys: 'u', label: m.keys.urge, group, run: () => void urge() }] : []),
    ...(whyOf ? [{ keys: 'w', label: m.promise.why, group, run: () => setWhy(whyOf) }] : []),
    { keys: 'escape', label: m.keys.back, group, run: () => (trail || !type ? history.back() : void navigate({ to: '/t/$plural', params: { plural: type.plural } })) },
  ])
  useCommands([
    ...record.next_steps.actions.map((a) => ({ id: `${number}-${a.transition}`, label: a.label, key: a.key?.toLowerCase(), run: () => act(a.transition) })),
    { id: `${number}-reply`, label: m.keys.reply, key: 'r', run: () => reply('public') },
    { id: `${number}-note`, label: m.keys.note, key: 'n', run: () => reply('internal') },
    ...(can.assign !== false ? [{ id: `${number}-assign`, label: m.record.assign, key: 'a', run: () => setDialog('assign') }] : []),
    ...(can.link !== false ? [{ id: `${number}-link`, label: m.record.link, key: 'l', run: () => setDialog('link') }] : []),
    ...(can.work_log ? [{ id: `${number}-work`, label: m.record.workLog, run: () => setDialog('work') }] : []),
    ...(whyOf ? [{ id: `${number}-why`, label: m.promise.why, key: 'w', run: () => setWhy(whyOf) }] : []),
    { id: `${number}-print`, label: m.record.print, run: () => window.print() },
  ])

  const description = type && fieldOf('description', type, meta, m)
  const first = record.next_steps.actions[0]
  const related = (record.links?.length ?? 0) + (record.children?.length ?? 0) + (record.attachments?.length ?? 0)
  return (
    <div className={cx(css.page, css[tab])}>
      <RecordHeader record={record} type={type} trail={trail} onGo={go} onDialog={setDialog} />
      <div className={css.body}>
        <div className={css.main}>
          <div className={css.scroll}>
            {clocks.length > 0 && (
              <div className={css.tiles}>{clocks.slice(0, 3).map((p) => <SlaTile key={keyOf(p)} c={clockOf(p, record, m)} onWhy={() => setWhy(keyOf(p))} />)}</div>
            )}
            <Strip steps={record.strip ?? []} now={record.next_steps.yours ? m.app.you : record.next_steps.waiting_for || undefined} />
            <NextStepBlock record={record} onAction={act} busy={busy} onField={onField} />
            <div className={css.tabs}>
              <ViewTabs
                label={m.record.details}
                value={tab}
                onChange={(t) => setTab(t as Tab)}
                items={[{ id: 'activity', label: m.record.activity }, { id: 'details', label: m.record.details }, { id: 'related', label: m.record.related, count: related || null }]}
              />
            </div>
            <div className={css.activityPart}>
              {description && (
                <section className={css.description} aria-labelledby="description">
                  <h2 id="description">{description.label}</h2>
                  <InlineField record={record} field={description} block />
                </section>
              )}
              <Activity record={record} key={record.number} />
            </div>
            <div className={css.phoneSide}>
              {tab === 'details' && <SideColumn record={record} type={type} wanted={wanted} onDialog={setDialog} onWhy={setWhy} />}
              {tab === 'related' && <RelatedParts record={record} onDialog={setDialog} />}
            </div>
          </div>
          <div className={css.composer}>
            <Composer record={record} ref={composer} key={record.number} />
          </div>
          <div className={css.thumb}>
            {first && record.next_steps.yours ? <Button kind="primary" className={css.thumbMain} busy={busy === first.transition} onClick={() => act(first.transition)}>{first.label}</Button> : can.urge && <Button className={css.thumbMain} onClick={() => void urge()}>{m.record.urge}</Button>}
            <Button onClick={() => reply('public')}>{m.record.reply}</Button>
            <Menu label={m.record.moreActions} align="end" groups={[{ items: record.next_steps.actions.slice(1).map((a) => ({ id: a.transition, label: a.label, run: () => act(a.transition) })) }, { items: [{ id: 'note', label: m.keys.note, run: () => reply('internal') }, ...(can.assign ? [{ id: 'assign', label: m.record.assign, run: () => setDialog('assign') }] : [])] }]}>
              {(b) => <Button {...b} aria-label={m.app.more}><MoreHorizontal size={18} strokeWidth={1.75} aria-hidden /></Button>}
            </Menu>
          </div>
        </div>
        <aside className={css.side} aria-label={m.record.details}>
          <SideColumn record={record} type={type} wanted={wanted} onDialog={setDialog} onWhy={setWhy} />
          <RelatedParts record={record} onDialog={setDialog} />
        </aside>
      </div>
      <div className="sr" role="status">{clocks.filter((p) => tone(clockOf(p), now) === 'over').map((p) => p.label).join(m.app.listSep)}</div>
      {stepDialog}
      {why && <Suspense><WhyDrawer record={record} clock={why} onClose={() => setWhy(null)} /></Suspense>}
      {dialog && <RecordDialogs kind={dialog} record={record} onClose={() => setDialog(null)} />}
    </div>
  )
}
