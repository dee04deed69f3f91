import { useQueryClient } from '@tanstack/react-query'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import type { FieldMeta } from '@/api/types'
import type { Values } from '@/shared/form/values'
import { useM } from '@/shared/lib/i18n'
import { toast } from '@/shared/ui/Toast'

/** As the server takes it: an emptied text is "", an emptied number 0, an emptied list []. */
export function forServer(patch: Values, fields: FieldMeta[]): Values {
  return Object.fromEntries(
    Object.entries(patch).map(([k, v]) => {
      if (v !== null && v !== undefined) return [k, v]
      const f = fields.find((x) => x.name === k)
      return [k, f?.multiple || f?.type === 'table' ? [] : f?.type === 'number' || f?.type === 'duration' ? 0 : f?.type === 'bool' ? false : '']
    }),
  )
}

/** Saving and removing settings, with the lists read again. */
export function useSetup() {
  const m = useM()
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ predicate: (q) => q.queryKey[0] === 'alert-setup' })
  const remove = async (path: string, said: string) => {
    try {
      await api.delete(path)
      toast(said)
    } catch (e) {
      toast(say(e, m.error.network), undefined, true)
    }
    await refresh()
  }
  const change = async (path: string, patch: Values, version: number) => {
    try {
      await api.patch(path, patch, { version })
    } catch (e) {
      toast(e instanceof Problem && e.stale ? m.admin.stale : say(e, m.error.network), undefined, true)
    }
    await refresh()
  }
  return { refresh, remove, change }
}

const at = '2026-10-10T14:16:00+08:00'
/** What each kind of source sends, to try the rules on and to see whether a source arrives. */
export const samples: Record<string, object> = {
  alertmanager: {
    version: '4', groupKey: '{}:{alertname="HighCPU"}', status: 'firing', receiver: 'steward', groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: 'http://alertmanager:9093',
    alerts: [{ status: 'firing', labels: { alertname: 'HighCPU', instance: 'his-db-01', severity: 'critical' }, annotations: { summary: 'CPU 95 %' }, startsAt: at, endsAt: '0001-01-01T00:00:00Z', generatorURL: '', fingerprint: 'c0ffee01' }],
  },
  grafana: {
    receiver: 'steward', status: 'firing', orgId: 1, groupKey: '{}', title: '[FIRING:1] HighCPU', state: 'alerting', message: '', version: '1',
    alerts: [{ status: 'firing', labels: { alertname: 'HighCPU', instance: 'his-db-01', severity: 'critical' }, annotations: { summary: 'CPU 95 %' }, startsAt: at, endsAt: '0001-01-01T00:00:00Z', fingerprint: 'c0ffee02', values: { B: 95 } }],
  },
  zabbix: { event_id: '42', trigger_id: '7', event_value: '1', host: 'his-db-01', event_name: 'CPU 95 %', item_key: 'system.cpu.util', item_value: '95', event_severity: 'High', event_date: '2026.10.10', event_time: '14:16:00' },
  prometheus: [{ labels: { alertname: 'HighCPU', instance: 'his-db-01', severity: 'critical' }, annotations: { summary: 'CPU 95 %' }, startsAt: at, generatorURL: '' }],
  generic: { object: 'his-db-01', metric: 'cpu', value: 95, threshold: 90, severity: 'critical', status: 'firing', title: 'CPU 95 %', started_at: at },
} satisfies Record<string, object>
