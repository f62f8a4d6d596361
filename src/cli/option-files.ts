/* `@file` as the value of an option: what stands in the file takes its place. */
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { isNothing } from '../core/nothing.ts';
import { linesOf, unquoted } from '../lists/lines.ts';
import { spool } from './spool.ts';

type Fileable = { titleFilter?: string; persona?: string[]; excludeName?: string[] };

/** The options with what stands in their files, and what is wrong with these. An option whose file cannot be read stays as it is. */
export async function withFiles<Options extends Fileable>(options: Options): Promise<{ options: Options; problems: Problem[] }> {
  const problems: Problem[] = [];

  async function read(option: string, path: string, content: string): Promise<string[] | undefined> {
    try {
      const file = await spool(path);
      return await file.naming(linesOf(file.path, content)).finally(() => file.remove());
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(...error.problems.map((problem) => ({ ...problem, what: `${option}: ${problem.what}` })));
      return undefined;
    }
  }

  /** A filter may be long, so it may stand on several lines with remarks between them. */
  async function filter(option: string, text: string): Promise<string> {
    if (!text.startsWith('@')) return text;
    const lines = await read(option, text.slice(1), 'a title filter');
    if (lines?.length === 0) problems.push({ what: `${option}: ${text.slice(1)} has only remarks`, fix: 'give a title filter' });
    return lines === undefined || lines.length === 0 ? text : lines.join(' ');
  }

  const given: Fileable = {};
  if (options.titleFilter !== undefined) given.titleFilter = await filter('--title-filter', options.titleFilter);
  if (options.persona !== undefined) {
    given.persona = [];
    for (const persona of options.persona) {
      const place = persona.indexOf('=') + 1;
      const name = persona.slice(0, place);
      given.persona.push(name + (await filter(`--persona ${name.slice(0, -1).trim()}`, persona.slice(place))));
    }
  }
  if (options.excludeName !== undefined) {
    given.excludeName = [];
    for (const name of options.excludeName) {
      const lines = name.startsWith('@') ? await read('--exclude-name', name.slice(1), 'one name a line') : undefined;
      given.excludeName.push(...(lines?.map(unquoted).filter((line) => !isNothing(line)) ?? [name]));
    }
  }
  return { options: { ...options, ...given }, problems };
}
