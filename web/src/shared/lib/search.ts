/** Search parameters are plain text everywhere: no hidden JSON in an address people copy. */
export const parseSearch = (text: string): Record<string, string> => Object.fromEntries(new URLSearchParams(text))

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams()
  for (const [k, v] of Object.entries(search)) if (v !== undefined && v !== null && v !== '') params.set(k, String(v))
  // Commas and colons read better than their escapes and are allowed in a query.
  const text = params.toString().replace(/%2C/gi, ',').replace(/%3A/gi, ':')
  return text ? `?${text}` : ''
}

/** Keeps every parameter that is text. */
export function strings(search: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(search).filter(([, v]) => typeof v === 'string' && v !== '').map(([k, v]) => [k, String(v)]))
}
