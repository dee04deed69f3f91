// Organisations, people, teams and services in use, as the server tells them.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, type Query } from './client'
import type { Instant, Named, Page } from './types'

export interface Head {
  id: string
  version: number
  status: 'active' | 'inactive' | 'left'
  created_at: Instant
  updated_at: Instant
}
export interface Organisation extends Head {
  kind: 'provider' | 'customer' | 'supplier'
  name: string
  short_name: string
  code: string
  customer_class: string
  phone: string
  address: string
  note?: string
}
export interface Site extends Head {
  organisation: string
  organisation_name?: string
  name: string
  code: string
  kind: string
  address: string
  phone: string
  geo: string
  zone: string
  note: string
}
export interface Department extends Head {
  organisation: string
  organisation_name?: string
  name: string
  code: string
  parent: string
  parent_name?: string
  head: string
  head_name?: string
}
export interface Person extends Head {
  organisation: string
  organisation_name?: string
  side: 'provider' | 'customer' | 'supplier'
  name: string
  english_name: string
  form_of_address: string
  email: string
  phone: string
  phone2: string
  employee_number: string
  position: string
  department: string
  department_name?: string
  superior: string
  superior_name?: string
  outsourced: boolean
  language: string
  zone: string
  contact_roles: string[]
  sites: Named[]
  masked: boolean
  left_at?: Instant
}
export interface Team extends Head {
  organisation: string
  organisation_name?: string
  name: string
  code: string
  tier: string
  lead: string
  lead_name?: string
  resident: boolean
  manager: string
  manager_name?: string
  customer: string
  customer_name?: string
  project: string
  members: Named[]
}
export interface ServiceInUse extends Head {
  customer: string
  customer_name?: string
  name: string
  code: string
  kind: string
  note: string
  sites: Named[]
}
export interface Dedicated extends Head {
  customer: string
  customer_name?: string
  service: string
  service_name?: string
  site: string
  site_name?: string
  person: string
  person_name?: string
  note: string
}
export interface Caller {
  match: 'exact' | 'tail'
  person: Person | null
  organisation: Organisation
  site: Named | null
  sites: Site[]
  services: ServiceInUse[]
}

/** One page after the other of any list of the server. */
export const entriesQuery = <T>(path: string, query: Query, limit = 100) =>
  infiniteQueryOptions({
    queryKey: [`entries:${path}`, query],
    queryFn: ({ pageParam, signal }) => api.get<Page<T>>(path, { ...query, limit, cursor: pageParam }, signal),
    initialPageParam: '' as string,
    getNextPageParam: (page) => page.next_cursor || undefined,
  })

export const entryQuery = <T>(path: string, id: string) =>
  queryOptions({ queryKey: [`entries:${path}`, 'one', id], queryFn: () => api.get<T>(`${path}/${encodeURIComponent(id)}`) })
