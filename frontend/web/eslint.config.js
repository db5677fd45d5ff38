import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

// Each folder imports only from those after it: app -> features -> parts -> (api | design).
// An area of features is by itself: what two of them need is a part.
const layer = (folder, forbidden) => ({
  files: [`src/${folder}/**/*.{ts,tsx}`],
  ignores: ['**/*.test.*'],
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: [{ group: forbidden, message: 'Layers point one way, and features stand alone.' }] },
    ],
  },
});

export default ts.config(
  { ignores: ['dist', 'src/api/schema.d.ts'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } } },
  hooks.configs.flat['recommended-latest'],
  {
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true }],
      'no-console': 'error',
      eqeqeq: ['error', 'always'],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Whoever writes markup from text opens a door that the policy then has to shut.
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Text is text.' },
      ],
    },
  },
  layer('design', ['@/api/**', '@/parts/**', '@/features/**', '@/app/**']),
  layer('api', ['@/design/**', '@/parts/**', '@/features/**', '@/app/**']),
  layer('parts', ['@/features/**', '@/app/**']),
  layer('features', ['@/features/**', '../**', '@/app/**']),
  { files: ['**/*.js'], ...ts.configs.disableTypeChecked },
);
