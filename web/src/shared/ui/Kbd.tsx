import css from './Kbd.module.css'

const names: Record<string, string> = { mod: 'Ctrl', enter: '↵', escape: 'Esc', space: 'Space', alt: 'Alt', shift: 'Shift', arrowdown: '↓', arrowup: '↑', arrowleft: '←', arrowright: '→', delete: 'Del' }

/** The cap of a key: `<Kbd k="mod+enter" />`. Hidden where there is no keyboard. */
export function Kbd({ k }: { k: string }) {
  const text = k.split('+').map((x) => names[x] ?? (x.length === 1 ? x.toUpperCase() : x)).join(' ')
  return <kbd className={css.kbd} aria-hidden>{text}</kbd>
}
