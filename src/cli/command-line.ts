/* The commands that we print for the user to give next: exact, quoted for a shell, and without secrets. */

/** Options whose value may hold a password. */
const SECRET_OPTIONS = ['--database-url', '--to', '--from'];
/** Global options that name where things are; a command that goes on needs them again. */
const PLACE_OPTIONS = ['--database-url', '--home', '--base-url'];
const PLACE_FLAGS = ['--sandbox', '--allow-insecure'];
/** What bounds the cost and the requests; a command that goes on must not lose it. */
const BOUND_OPTIONS = ['--max-cost', '--price', '--confirm-above', '--in-doubt', '--rate-limit'];
const BOUND_FLAGS = ['--yes'];
/** Of these, what holds for a run until another is given, over all its commands. */
const KEPT_BOUNDS = ['--max-cost', '--price', '--in-doubt'];

/** What stands for a price that nobody knows: a shell refuses it. */
const TO_FILL_IN = '<usd>';

/** A command of ours within a text, and not within a path. */
const OUR_COMMAND = /(?<![\w./-]|npx )waterfall-contacts (?=--|\[|(?:run|verify|resume|export|query|copy|runs|status|check|migrate|forget|purge|sandbox)\b)/g;

/**
 * A text in which commands of ours begin as this one was started. Behind `npx` the program is found by nobody else: npm
 * has it on the PATH only while it runs, and says so in the environment.
 */
export function asStarted(text: string, environment: NodeJS.ProcessEnv): string {
  return environment.npm_command === 'exec' ? text.replace(OUR_COMMAND, 'npx waterfall-contacts ') : text;
}

/** The command as it was given. */
export function sameCommand(argv: readonly string[]): string {
  const words = argv.slice(2).map((word, index, all) => {
    const secret = SECRET_OPTIONS.find((option) => word.startsWith(`${option}=`));
    if (secret !== undefined) return `${secret}="$DATABASE_URL"`;
    return SECRET_OPTIONS.includes(all[index - 1] ?? '') ? '"$DATABASE_URL"' : quoted(word);
  });
  return ['waterfall-contacts', ...words].join(' ');
}

/** The words of a command that bound what it may cost and ask. */
export function boundsOf(argv: readonly string[]): string[] {
  return optionsOf(argv, BOUND_OPTIONS, BOUND_FLAGS);
}

/** The bounds of a command that goes on with a run: its own, and those of the run that it does not give anew. */
export function boundsKept(before: readonly string[] | undefined, now: readonly string[]): string[] {
  const kept = KEPT_BOUNDS.filter((name) => !now.includes(name)).flatMap((name) => {
    return boundsIn(before ?? [], name).flatMap((value) => [name, quoted(value)]);
  });
  return [...now, ...kept];
}

/** The value of a bound among words, as the user gave it; the last one counts, as on the command line. */
export function boundIn(bounds: readonly string[], name: string): string | undefined {
  return boundsIn(bounds, name).at(-1);
}

/** The same of a bound that may be given several times: all its values. */
export function boundsIn(bounds: readonly string[], name: string): string[] {
  const values = bounds.flatMap((word, place) => (word === name ? (bounds[place + 1] ?? []) : []));
  return values.filter((value) => value !== TO_FILL_IN).map((value) => (value.startsWith("'") ? value.slice(1, -1).replaceAll(`'\\''`, "'") : value));
}

/** Bounds of cost with which a run goes on that needs others than it had. A price that nobody knows is left to be filled in. */
export function boundsWith(bounds: readonly string[], needs: { cap_usd: number } | 'price' | undefined): string[] {
  if (needs === undefined) return [...bounds];
  if (needs === 'price') return [...bounds, '--price', TO_FILL_IN];
  const place = bounds.lastIndexOf('--max-cost') + 1;
  return place === 0 ? [...bounds] : bounds.with(place, needs.cap_usd.toFixed(2));
}

/**
 * The command that goes on with a run, with the options that say where it lives, and with the `bounds` of cost that
 * it had.
 */
export function resumeCommand(run_id: string, argv: readonly string[], bounds: readonly string[] = boundsOf(argv)): string {
  return ['waterfall-contacts', 'resume', run_id, ...optionsOf(argv, PLACE_OPTIONS, PLACE_FLAGS), ...bounds].join(' ');
}

/** The command that writes the outputs of a run, with the options that say where it lives. What else they look like is kept with the run. */
export function exportCommand(
  run_id: string,
  output: { contacts: string; report: string | null; shape?: { format?: string } },
  argv: readonly string[],
): string {
  const report = output.report === null ? [] : ['--report', quoted(output.report)];
  const format = output.shape?.format === undefined ? [] : ['--format', output.shape.format];
  return ['waterfall-contacts', 'export', run_id, '-o', quoted(output.contacts), ...format, ...report, ...optionsOf(argv, PLACE_OPTIONS, PLACE_FLAGS)].join(' ');
}

/** The words of a command that are options with one of these names, each with its value, and these flags. */
export function optionsOf(argv: readonly string[], names: readonly string[], flags: readonly string[] = []): string[] {
  const given = argv.slice(2);
  return given.flatMap((word, index) => {
    if (flags.includes(word)) return [word];
    const [name = '', value] = word.split(/=(.*)/s);
    if (!names.includes(name)) return [];
    const text = value ?? given[index + 1] ?? '';
    return [name, SECRET_OPTIONS.includes(name) ? '"$DATABASE_URL"' : quoted(text)];
  });
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
