// The list a record was opened from, so that J and K go on through it.
let numbers: string[] = []
let total = ''

export function setTrail(list: string[], count: string) {
  numbers = list
  total = count
}

export function trailOf(number: string): { at: number; of: string; prev: string | undefined; next: string | undefined } | null {
  const i = numbers.indexOf(number)
  return i < 0 ? null : { at: i + 1, of: total || String(numbers.length), prev: numbers[i - 1], next: numbers[i + 1] }
}
