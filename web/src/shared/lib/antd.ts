import type { ThemeConfig } from 'antd'
import { theme as antdTheme } from 'antd'
import type { Theme } from './theme'

/** antd wears the same tokens: read from the style sheet, so that colours are written once. */
export function antdConfig(mode: Theme): ThemeConfig {
  const style = getComputedStyle(document.documentElement)
  const v = (name: string) => style.getPropertyValue(name).trim()
  const compactPhone = matchMedia('(max-width: 720px)').matches
  // base.css then takes the animations away, and antd would wait for their end with everything that pops up invisible.
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  return {
    algorithm: mode === 'dark' ? antdTheme.darkAlgorithm : antdTheme.defaultAlgorithm,
    cssVar: { key: 'st' },
    hashed: false,
    token: {
      colorPrimary: v('--accent-solid'),
      colorLink: v('--accent'),
      colorError: v('--red-solid'),
      colorErrorText: v('--red'),
      colorWarning: v('--amber-solid'),
      colorSuccess: v('--green-solid'),
      colorText: v('--text'),
      colorTextSecondary: v('--text-2'),
      colorTextTertiary: v('--text-3'),
      colorTextQuaternary: v('--text-3'),
      colorTextPlaceholder: v('--text-3'),
      colorTextDescription: v('--text-3'),
      colorBorder: v('--control'),
      colorBorderSecondary: v('--line'),
      colorSplit: v('--line'),
      colorBgContainer: v('--surface'),
      colorBgElevated: v('--surface'),
      colorBgLayout: v('--canvas'),
      colorFillAlter: v('--sunken'),
      controlItemBgHover: v('--hover'),
      controlItemBgActive: v('--selected'),
      controlItemBgActiveHover: v('--selected'),
      controlOutline: v('--accent-soft'),
      controlOutlineWidth: 3,
      boxShadowSecondary: v('--shadow-float'),
      fontFamily: v('--font'),
      fontSize: compactPhone ? 15 : 13,
      controlHeight: compactPhone ? 46 : 32,
      controlHeightSM: compactPhone ? 44 : 28,
      borderRadius: 6,
      borderRadiusLG: 8,
      borderRadiusSM: 5,
      motion: !still,
      motionDurationFast: '0.12s',
      motionDurationMid: '0.18s',
      motionDurationSlow: '0.18s',
      wireframe: false,
    },
    components: {
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none', defaultBorderColor: v('--line-2') },
      Select: { optionSelectedBg: v('--selected'), optionSelectedFontWeight: 500 },
      Table: { headerBg: v('--sunken'), headerSplitColor: 'transparent', rowHoverBg: v('--hover'), cellPaddingBlock: 8 },
    },
  }
}
