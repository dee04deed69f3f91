import { useQuery } from '@tanstack/react-query'
import { ZoomIn, ZoomOut } from 'lucide-react'
import { useId, useMemo, useState } from 'react'
import { api } from '@/api/client'
import { cx } from '@/shared/lib/cx'
import { useM } from '@/shared/lib/i18n'
import { Button } from '@/shared/ui/Button'
import { Choices } from '@/shared/ui/Choices'
import { DataTable } from '@/shared/ui/DataTable'
import { ErrorState, Skeleton } from '@/shared/ui/Empty'
import { StateGlyph, type StateKind } from '@/shared/ui/StateTag'
import css from '../admin.module.css'
import { layout, nodeHeight, nodeWidth, type StateNode, type Step } from './layout'

interface Props {
  type: string
  label: string
  version: number
  workflows: { code: string; label: string; default: boolean }[]
}

/** A workflow as a picture, and below it the same in words. */
export default function Diagram({ type, label, version, workflows }: Props) {
  const m = useM()
  const [flow, setFlow] = useState(workflows.find((w) => w.default)?.code ?? workflows[0]?.code ?? '')
  const [zoom, setZoom] = useState(0.85)
  const [chosen, setChosen] = useState('')
  const arrow = useId()
  const query = useQuery({ queryKey: ['diagram', type, version, flow], queryFn: () => api.get<{ states: StateNode[]; transitions: Step[] }>(`/definitions/${type}/diagram`, { workflow: flow, version }), staleTime: Infinity })
  const picture = useMemo(() => (query.data ? layout(query.data.states, query.data.transitions) : null), [query.data])
  const state = (code: string) => query.data?.states.find((s) => s.code === code)
  const steps = query.data?.transitions ?? []
  const shownSteps = chosen ? steps.filter((t) => t.from === chosen || t.to === chosen) : steps
  const words = picture && picture.edges.length <= 10
  const touches = (e: { from: string; to: string }) => chosen !== '' && (e.from === chosen || e.to === chosen)
  return (
    <div>
      <div className={css.diagramBar}>
        {workflows.length > 1 && <Choices label={m.admin.workflows} options={workflows.map((w) => ({ value: w.code, label: w.label }))} value={flow} onChange={(v) => v && (setFlow(v), setChosen(''))} />}
        <Button size="small" icon={<ZoomOut size={14} strokeWidth={1.75} />} onClick={() => setZoom(Math.max(0.4, zoom - 0.15))}>{m.admin.zoomOut}</Button>
        <Button size="small" icon={<ZoomIn size={14} strokeWidth={1.75} />} onClick={() => setZoom(Math.min(1.6, zoom + 0.15))}>{m.admin.zoomIn}</Button>
        <span className="muted">{chosen ? m.admin.stateSteps(state(chosen)?.label ?? '') : m.admin.chooseState}</span>
      </div>
      {query.isPending ? (
        <Skeleton rows={6} kind="record" />
      ) : query.isError || !picture ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <>
          <div className={css.canvas}>
            <svg width={picture.width * zoom} height={picture.height * zoom} viewBox={`0 0 ${picture.width} ${picture.height}`} role="group" aria-label={m.admin.diagramLabel(label)}>
              <defs>
                {['arrow', 'arrowOn'].map((k) => <marker key={k} id={`${arrow}${k}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0l8 4-8 4z" className={css[k]} /></marker>)}
              </defs>
              {[...picture.edges].sort((a, b) => Number(touches(a)) - Number(touches(b))).map((e) => (
                <path key={`${e.from}>${e.to}`} d={e.path} className={cx(css.edge, touches(e) && css.edgeOn, chosen !== '' && !touches(e) && css.edgeDim)} markerEnd={`url(#${arrow}${touches(e) ? 'arrowOn' : 'arrow'})`} />
              ))}
              {picture.nodes.map((n) => {
                const s = state(n.code)
                const on = n.code === chosen
                const pick = () => setChosen(on ? '' : n.code)
                return (
                  <g
                    key={n.code}
                    transform={`translate(${n.x} ${n.y})`}
                    className={cx(css.node, on && css.nodeOn)}
                    role="button"
                    tabIndex={0}
                    aria-pressed={on}
                    aria-label={s?.label}
                    onClick={pick}
                    onKeyDown={(e) => {
                      if (e.key !== 'Enter' && e.key !== ' ') return
                      e.preventDefault()
                      pick()
                    }}
                  >
                    <rect width={nodeWidth} height={nodeHeight} rx={8} />
                    <foreignObject x={10} y={11} width={16} height={16}><StateGlyph kind={(s?.kind ?? 'active') as StateKind} waitingOn="internal" /></foreignObject>
<foreignObject x={32} y={8} width={nodeWidth - 40} height={22}><div className={cx(css.nodeText, 'clip')}>{s?.label ?? n.code}</div></foreignObject>
                    <title>{`${s?.label ?? n.code}${s?.initial ? ` (${m.admin.initial})` : ''}`}</title>
                  </g>
                )
              })}
              {picture.edges.filter((e) => words || touches(e)).map((e) => <text key={`t${e.from}>${e.to}`} x={e.at.x} y={e.at.y} textAnchor="middle" className={cx(css.edgeText, touches(e) && css.edgeTextOn)}>{e.labels.join(' / ')}</text>)}
            </svg>
          </div>
          <h2 className="sr">{m.admin.asTable}</h2>
          <DataTable
            label={chosen ? m.admin.stateSteps(state(chosen)?.label ?? '') : m.admin.asTable}
            rows={shownSteps}
            rowKey={(t) => `${t.code}-${t.from}-${t.to}`}
            empty={m.app.none}
            columns={[
              { name: 'from', label: m.admin.from, cell: (t) => <>{state(t.from)?.label ?? t.from}{state(t.from)?.initial && <span className="muted"> {m.admin.initial}</span>}</> },
              { name: 'step', label: m.admin.step, cell: (t) => t.label },
              { name: 'to', label: m.admin.to, cell: (t) => state(t.to)?.label ?? t.to },
              { name: 'by', label: m.admin.by, cell: (t) => <span className="sub">{t.by.join(m.app.listSep) || m.admin.anyone}</span> },
            ]}
          />
        </>
      )}
    </div>
  )
}
