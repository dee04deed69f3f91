import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { absencesQuery, checkQuery, overridesQuery, publicDaysQuery, rosterQuery, shiftsQuery, type Override, type PublicDay, type Roster, type RosterBody } from '@/api/duty'
import { api } from '@/api/client'
import { Problem, say } from '@/api/problem'
import { useM } from '@/shared/lib/i18n'
import { toast } from '@/shared/ui/Toast'
import { cellOf, iso, kindsOf, peopleOf, type OverrideNew } from './model'
import { addDays, instantAt, yearOf, type Day } from './zoned'

/** Everything a roster's calendar shows for some days. One day more is read on both sides, so that no night is cut. */
export function useRosterSheet(roster: Roster, days: Day[], draft: boolean) {
  const zone = roster.body.timezone
  const first = days[0] ?? '', last = days.at(-1) ?? ''
  const from = iso(instantAt(addDays(first, -1), '00:00', zone)), to = iso(instantAt(addDays(last, 2), '00:00', zone))
  const sheet = useQuery(shiftsQuery(roster.id, from, to, draft))
  const absences = useQuery(absencesQuery(from, to))
  const overrides = useQuery(overridesQuery(roster.id, from, to))
  const check = useQuery({ ...checkQuery(roster.id), enabled: roster.may_manage && roster.status === 'active' })
  const year = yearOf(first)
  const notices = [useQuery(publicDaysQuery(year)).data, useQuery(publicDaysQuery(yearOf(last))).data]
  const data = sheet.data
  const kinds = useMemo(() => kindsOf(roster.body), [roster.body])
  const cells = useMemo(() => {
    const shown = new Set(days)
    return (data?.shifts ?? []).map((s) => cellOf(s, kinds, zone)).filter((c) => shown.has(c.day))
  }, [data, kinds, zone, days])
  const people = useMemo(() => peopleOf(roster, data), [roster, data])
  const publicDays = new Map<Day, PublicDay>(notices.flatMap((n) => n ?? []).map((d) => [d.date, d]))
  return { sheet, kinds, cells, people, absences: absences.data ?? [], overrides: overrides.data ?? [], check, publicDays, zone }
}
export type RosterSheet = ReturnType<typeof useRosterSheet>

/** What changes a roster: overrides act at once and can be taken back; the body is a draft until it is published. */
export function useRosterChanges(roster: Roster) {
  const m = useM()
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ predicate: (q) => q.queryKey[0] === `roster:${roster.id}` || q.queryKey[0] === 'list:roster' || q.queryKey[0] === 'duty' })
  const failed = (e: unknown) => toast(e instanceof Problem && e.stale ? m.duty.stale : say(e, m.error.network), undefined, true)

  const undo = async (made: string[]) => {
    try {
      for (const id of [...made].reverse()) await api.delete(`/rosters/${roster.id}/overrides/${id}`)
    } catch (e) {
      failed(e)
    }
    await refresh()
  }
  /** Puts overrides in force one after the other; when one is refused, those before it are taken back. */
  const override = async (list: OverrideNew[], said: string) => {
    const made: string[] = []
    try {
      for (const o of list) made.push((await api.post<Override>(`/rosters/${roster.id}/overrides`, o)).id)
      toast(said, { label: m.app.undo, run: () => void undo(made) })
    } catch (e) {
      if (made.length) await undo(made)
      failed(e)
    }
    await refresh()
  }
  const cancelOverride = async (id: string, said: string) => {
    try {
      await api.delete(`/rosters/${roster.id}/overrides/${id}`)
      toast(said)
    } catch (e) {
      failed(e)
    }
    await refresh()
  }
  const change = async (patch: { name?: string; status?: Roster['status']; body?: RosterBody }): Promise<Roster | undefined> => {
    try {
      const next = await api.patch<Roster>(`/rosters/${roster.id}`, patch, { version: roster.version })
      client.setQueryData(rosterQuery(roster.id).queryKey, next)
      await refresh()
      return next
    } catch (e) {
      failed(e)
      await refresh()
      return undefined
    }
  }
  return { override, cancelOverride, change, refresh }
}
export type RosterChanges = ReturnType<typeof useRosterChanges>
