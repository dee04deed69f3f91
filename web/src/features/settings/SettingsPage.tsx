import { useChangeMe, useSession } from '@/api/session'
import { say } from '@/api/problem'
import { useM } from '@/shared/lib/i18n'
import { Choices } from '@/shared/ui/Choices'
import { Field } from '@/shared/ui/Field'
import { PasswordForm } from '@/shared/ui/PasswordForm'
import { Pair } from '@/shared/ui/Section'
import { toast } from '@/shared/ui/Toast'
import { Devices } from './Devices'
import css from './SettingsPage.module.css'
import { Tokens } from './Tokens'
import { TwoStep } from './TwoStep'

/** What belongs to me: look, language, keys, password, second step, devices. */
export function SettingsPage() {
  const m = useM()
  const session = useSession()
  const change = useChangeMe()
  const set = (patch: Parameters<typeof change>[0]) => void change(patch).catch((e: unknown) => toast(say(e, m.error.network), undefined, true))
  return (
    <div className={css.page}>
      <h1>{m.settings.title}</h1>
      <section>
        <h2>{m.settings.look}</h2>
        <Field label={m.shell.language}>{(a) => <Choices id={a.id} label={m.shell.language} value={session.language} options={[{ value: 'zh', label: '中文' }, { value: 'en', label: 'English' }]} onChange={(v) => v && set({ language: v as 'zh' | 'en' })} />}</Field>
        <Field label={m.shell.theme}>{(a) => <Choices id={a.id} label={m.shell.theme} value={session.theme} options={[{ value: 'auto', label: m.shell.themeSystem }, { value: 'light', label: m.shell.themeLight }, { value: 'dark', label: m.shell.themeDark }]} onChange={(v) => v && set({ theme: v as 'auto' | 'light' | 'dark' })} />}</Field>
        <Field label={m.settings.letters} hint={m.settings.lettersHint}>{(a) => <Choices id={a.id} label={m.settings.letters} value={session.single_keys ? 'on' : 'off'} options={[{ value: 'on', label: m.settings.on }, { value: 'off', label: m.settings.off }]} onChange={(v) => v && set({ single_keys: v === 'on' })} />}</Field>
      </section>
      <section>
        <h2>{m.settings.security}</h2>
        <Pair name={m.settings.account}>{session.account.login}</Pair>
        <Pair name={m.session.name}>{session.person.name}</Pair>
        <Pair name={m.settings.roles}>{session.roles.map((r) => r.label).join(m.app.listSep)}</Pair>
        <PasswordForm onDone={() => toast(m.session.changed)} />
      </section>
      <section>
        <h2>{m.settings.totp}</h2>
        <TwoStep on={session.account.totp} />
      </section>
      <section>
        <h2>{m.settings.sessions}</h2>
        <Devices />
      </section>
      {session.organisation.kind !== 'customer' && (
        <section>
          <h2>{m.admin.tokens.title}</h2>
          <Tokens />
        </section>
      )}
    </div>
  )
}
