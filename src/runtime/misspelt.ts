/* Names in the environment and in `.env` that look like a setting and are none: nobody reads them, so nobody would say so. */
import { closest, distanceBetween } from '../core/closest.ts';
import { readDotenv, SETTING_NAMES } from './config.ts';

/** What is misspelt where, and what to do. The value is not in it: it may be the key. */
export type Misspelt = { what: string; fix: string };

const OURS = /^(?:WATERFALL|ABSTRACTAPI)_/i;
const IN_FILE = 'in .env';
/** For names that are not ours at sight: other programs have similar ones, such as DATABASE_HOST. */
const MOST_SLIPS = 2;

/**
 * Settings that seem to be misspelt. In the environment only names like ours are looked at, in `.env` all; what is near a
 * setting only when that one is not set.
 */
export function misspeltSettings(environment: NodeJS.ProcessEnv, directory: string): Misspelt[] {
  const file = readDotenv(directory, []);
  const isSet = (name: string) => [environment[name], file[name]].some((value) => value !== undefined && value.trim() !== '');
  const look = (names: readonly string[], place: string): Misspelt[] =>
    names
      .filter((name) => !SETTING_NAMES.includes(name))
      .flatMap((name) => {
        const meant = nearest(name);
        if (meant !== undefined) return isSet(meant) ? [] : [{ what: `${name} ${place} is no setting`, fix: `did you mean ${meant}?` }];
        // The environment is everybody's, and may have this name for another program.
        if (place !== IN_FILE || !OURS.test(name)) return [];
        return [{ what: `${name} ${place} is no setting`, fix: `there are ${SETTING_NAMES.join(', ')}` }];
      });
  return [...look(Object.keys(environment).filter((name) => OURS.test(name)), 'in the environment'), ...look(Object.keys(file), IN_FILE)];
}

function nearest(name: string): string | undefined {
  const keyOf = (text: string) => text.toUpperCase();
  if (OURS.test(name)) return closest(name, SETTING_NAMES, keyOf);
  return SETTING_NAMES.find((setting) => distanceBetween(keyOf(name), setting) <= MOST_SLIPS);
}
