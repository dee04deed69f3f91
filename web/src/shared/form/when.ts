// Reads the conditions of a definition ("rec.channel == 'phone' && filled(rec.site)") so that a form can show at once what
// becomes compulsory. What it cannot read counts as false: the server has the last word and names the field.
import type { Values } from './values'

interface Scope {
  rec: Values
  me: Record<string, unknown>
}

type Token = string

const lexer = /\s*(&&|\|\||==|!=|<=|>=|[!<>()[\],]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|[A-Za-z_][\w.]*)/y

function tokens(text: string): Token[] {
  const out: Token[] = []
  lexer.lastIndex = 0
  while (lexer.lastIndex < text.trimEnd().length) {
    const found = lexer.exec(text)
    if (!found?.[1]) throw new Error('unknown')
    out.push(found[1])
  }
  return out
}

const isFilled = (v: unknown) => v !== undefined && v !== null && v !== '' && !(Array.isArray(v) && v.length === 0)

class Reader {
  private at = 0
  constructor(
    private readonly list: Token[],
    private readonly scope: Scope,
  ) {}

  all(): unknown {
    const v = this.or()
    if (this.at < this.list.length) throw new Error('rest')
    return v
  }
  private peek = () => this.list[this.at]
  private take(t?: Token): Token {
    const found = this.list[this.at++]
    if (found === undefined || (t !== undefined && found !== t)) throw new Error('unexpected')
    return found
  }
  private or(): unknown {
    let v = this.and()
    while (this.peek() === '||') {
      this.take()
      const right = this.and()
      v = !!v || !!right
    }
    return v
  }
  private and(): unknown {
    let v = this.compare()
    while (this.peek() === '&&') {
      this.take()
      const right = this.compare()
      v = !!v && !!right
    }
    return v
  }
  private compare(): unknown {
    const left = this.unary()
    const op = this.peek()
    if (op === 'in') {
      this.take()
      const right = this.unary()
      return Array.isArray(right) && right.includes(left)
    }
    if (op !== undefined && ['==', '!=', '<', '>', '<=', '>='].includes(op)) {
      this.take()
      const right = this.unary()
      // An empty field is the zero of its kind.
      const a = left ?? (typeof right === 'boolean' ? false : typeof right === 'number' ? 0 : '')
      if (op === '==') return a === right
      if (op === '!=') return a !== right
      const [x, y] = [Number(a), Number(right)]
      return op === '<' ? x < y : op === '>' ? x > y : op === '<=' ? x <= y : x >= y
    }
    return left
  }
  private unary(): unknown {
    if (this.peek() === '!') {
      this.take()
      return !this.unary()
    }
    return this.value()
  }
  private value(): unknown {
    const t = this.take()
    if (t === '(') {
      const v = this.or()
      this.take(')')
      return v
    }
    if (t === '[') {
      const items: unknown[] = []
      while (this.peek() !== ']') {
        items.push(this.or())
        if (this.peek() === ',') this.take()
      }
      this.take(']')
      return items
    }
    if (/^['"]/.test(t)) return t.slice(1, -1).replace(/\\(.)/g, '$1')
    if (/^\d/.test(t)) return Number(t)
    if (t === 'true' || t === 'false') return t === 'true'
    if (t === 'filled' || t === 'given') {
      this.take('(')
      const v = this.or()
      this.take(')')
      return t === 'given' ? (v as { given?: boolean } | null)?.given === true : isFilled(v)
    }
    const [head, name] = t.split('.')
    if (head === 'rec' && name && this.peek() !== '(') return this.scope.rec[name] ?? null
    if (head === 'me' && name && this.peek() !== '(') return this.scope.me[name] ?? null
    throw new Error('unknown')
  }
}

/** Whether a condition holds for what has been entered; false when it cannot be told here. */
export function holds(condition: string, scope: Scope): boolean {
  try {
    return !!new Reader(tokens(condition), scope).all()
  } catch {
    return false
  }
}
