/* What this program wrote and takes for no list: each line would be paid for again. */
import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Problem } from '../core/errors.ts';
import { ownOutput } from '../core/own-outputs.ts';
import type { KindName } from '../kinds/kind.ts';
import type { ListFormat } from '../lists/format.ts';

/** What may be read as a list, in the order in which it is looked for. */
const ENDINGS = ['csv', 'tsv', 'txt', 'jsonl', 'xlsx'];

/** Why an output of ours is refused as a list of this kind; undefined where it is none, or, as contacts are for `verify`, a list all the same. */
export function outputIsNoList(kind: KindName, path: string, names: readonly string[], format: ListFormat): Problem | undefined {
  const own = ownOutput(names);
  if (own === 'verified') return refusal(path, format, { ending: 'verified', holds: 'addresses that this program verified', wanted: kind === 'emails' ? 'addresses to verify' : 'companies to ask for', of: 'that they came from' });
  if (own === 'contacts' && kind === 'contacts') return refusal(path, format, { ending: 'contacts', holds: 'contacts that this program found', wanted: 'companies to ask for', of: 'that they were found for' });
  return undefined;
}

/** With the list that may be meant: the one beside it that it is named after. */
function refusal(path: string, { workbook }: ListFormat, { ending, holds, wanted, of }: { ending: string; holds: string; wanted: string; of: string }): Problem {
  const name = basename(path, extname(path)).replace(/\.partial$/, '');
  const stem = name.endsWith(`.${ending}`) ? name.slice(0, -ending.length - 1) : '';
  const list = stem === '' ? undefined : ENDINGS.map((other) => join(dirname(path), `${stem}.${other}`)).find(existsSync);
  return {
    what: `${path} holds ${holds}${list === undefined ? '' : ` for ${list}`}, not ${wanted}`,
    fix: `give ${list ?? `the list ${of}`}, or its report${workbook?.others.includes('report') ? ' (--sheet report)' : ''}; --as-list takes it as a list all the same`,
  };
}
