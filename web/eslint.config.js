import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

const features = ['admin', 'alert', 'audit', 'desk', 'duty', 'notifications', 'portal', 'records', 'search', 'session', 'settings', 'shell', 'work']

export default tseslint.config(
  { ignores: ['dist', 'src/routeTree.gen.ts'] },
  ...tseslint.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': hooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  // A feature never imports another feature: they meet in shared/ or in a route.
  ...features.map((name) => ({
    files: [`src/features/${name}/**/*.{ts,tsx}`],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: features.filter((f) => f !== name).map((f) => ({ group: [`@/features/${f}/*`, `@/features/${f}`] })) },
      ],
    },
  })),
  // shared/ and api/ know no feature.
  {
    files: ['src/shared/**/*.{ts,tsx}', 'src/api/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: ['@/features/*', '@/routes/*'] }] }] },
  },
)
