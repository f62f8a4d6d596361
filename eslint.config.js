import redos from 'eslint-plugin-redos';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylistic],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'off', // an aborted wait throws signal.reason, unwrapped
    },
  },
  {
    // Lists and replies hold any text: an expression that takes more than linear time on it hangs the program.
    files: ['src/**/*.ts'],
    plugins: { redos },
    // The exact check: the other one tries words at random for as long as it has time.
    rules: { 'redos/no-vulnerable': ['error', { checker: 'automaton', timeout: 60_000 }] },
  },
);
