/* What the outputs look like: the options that say so, their defaults, and what of them cannot be. */
import { extname } from 'node:path';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { reportColumns } from '../core/own-outputs.ts';
import { readAll, refuse } from '../core/problems.ts';
import { EMAIL_COLUMNS } from '../kinds/emails/columns.ts';
import type { EmailColumn } from '../kinds/emails/columns.ts';
import type { KindName } from '../kinds/kind.ts';
import { namedDelimiter } from '../lists/delimiter.ts';
import { chooseContactColumns, chooseOutputColumns, readColumnList } from '../outputs/column-choice.ts';
import type { ColumnList } from '../outputs/column-choice.ts';
import { FORMATS, MOST_COLUMNS } from '../outputs/sheet.ts';
import type { Format, SheetStyle } from '../outputs/sheet.ts';
import type { OutputOptions, OutputShape } from './options.ts';

/** The options of shape as they are typed. */
export type ShapeChoice = {
  format?: Format;
  columns?: string;
  outputDelimiter?: string;
  bom?: boolean;
  formulaGuard?: boolean;
};

/** Names of files that promise a format which we cannot write, with the nearest that we can. */
const OTHER_FORMATS: Record<string, Format> = {
  '.xls': 'xlsx', '.xlsm': 'xlsx', '.xlsb': 'xlsx', '.ods': 'xlsx', '.numbers': 'xlsx', '.json': 'jsonl', '.ndjson': 'jsonl',
  '.parquet': 'csv', '.zip': 'csv', '.gz': 'csv', '.xml': 'csv', '.html': 'csv', '.pdf': 'xlsx',
};

/**
 * Understands the options.
 * @throws {UsageError} for a delimiter that is none, and a list of columns that is none.
 */
export function readShape(choice: ShapeChoice): OutputShape {
  const { format, outputDelimiter, bom, formulaGuard } = choice;
  const delimiter = outputDelimiter === undefined ? undefined : namedDelimiter(outputDelimiter);
  const problems: Problem[] = [];
  if (outputDelimiter !== undefined && delimiter === undefined) {
    problems.push({ what: `--output-delimiter "${outputDelimiter}" is not known`, fix: 'use one of , ; tab |' });
  }
  const [columns] = readAll(
    () => (choice.columns === undefined ? undefined : readColumnList(choice.columns)),
    () => refuse(problems),
  );
  return {
    ...(format !== undefined && { format }),
    ...(columns !== undefined && { columns }),
    ...(delimiter !== undefined && { delimiter }),
    ...(bom !== undefined && { bom }),
    ...(formulaGuard !== undefined && { formulaGuard }),
  };
}

/** How the contacts are written: as `--format` says, else as the name says, else as CSV. */
export function contactsStyle(output: OutputOptions): SheetStyle {
  return styleOf(output, output.contacts, output.shape?.format);
}

/** How the report is written: as its name says, else as CSV. */
export function reportStyle(output: OutputOptions & { report: string }): SheetStyle {
  return styleOf(output, output.report);
}

/**
 * Finds out before anything is sent whether the outputs can have this shape.
 * `now`: what was said in this command. `isTerminal`: whether stdout is one.
 * @throws {UsageError} with every problem.
 */
export function refuseMisshapen(output: OutputOptions, now: OutputShape, context: { input_columns: readonly string[]; isTerminal: boolean; kind?: KindName | undefined }): void {
  const { contacts, report, shape = {} } = output;
  const { format } = contactsStyle(output);
  const problems: Problem[] = [];
  for (const path of [shape.format === undefined ? contacts : null, report]) {
    const other = path === null ? undefined : OTHER_FORMATS[extname(path).toLowerCase()];
    if (path === null || other === undefined) continue;
    const names = FORMATS.map((one) => `.${one}`).join(' ');
    const stem = path.slice(0, -extname(path).length);
    const instead = formatByName(stem) === undefined ? `${stem}.${other}` : stem; // of companies.csv.gz the rest is a name already
    problems.push({ what: `${path} cannot be written in the format of its name`, fix: `use ${names}, for instance ${instead}` });
  }
  if (contacts === '-' && format === 'xlsx' && context.isTerminal) {
    problems.push({ what: 'a workbook cannot be shown on a terminal', fix: 'name a file with -o, or choose another --format' });
  }
  // The report may be one that they fit, and is not what they were given for.
  if (now.delimiter !== undefined && format !== 'csv') {
    problems.push({ what: `--output-delimiter is for csv, and the output is ${format}`, fix: 'leave it out, or choose --format csv' });
  }
  if (now.bom === true && format !== 'csv' && format !== 'tsv') {
    problems.push({ what: `--bom is for csv and tsv, and the output is ${format}`, fix: 'leave it out' });
  }
  const [columns] = readAll(
    () => (context.kind === 'emails' ? chooseEmailColumns : chooseContactColumns)(shape.columns, context.input_columns).length,
    () => refuse(problems),
  );
  // A workbook has the report too.
  const widest = Math.max(columns, format === 'xlsx' ? reportColumns(context.kind).length + context.input_columns.length : 0);
  const most = MOST_COLUMNS[format] ?? Infinity;
  if (widest > most) throw new UsageError({ what: `${format} holds at most ${most} columns, and there are ${widest}`, fix: 'write .csv' });
}

/** The columns of verified addresses, chosen as those of contacts are. */
export function chooseEmailColumns(list: ColumnList | undefined, input: readonly string[]): EmailColumn[] {
  return chooseOutputColumns({ usual: EMAIL_COLUMNS, all: EMAIL_COLUMNS }, list, input);
}

function styleOf({ style, shape = {} }: OutputOptions, path: string, said?: Format): SheetStyle {
  const format = said ?? formatByName(path) ?? 'csv';
  // Programs read stdout; a file is to open where the list came from.
  const usual = path === '-' ? { delimiter: ',', bom: false } : style;
  return {
    format,
    delimiter: format === 'tsv' ? '\t' : (shape.delimiter ?? usual.delimiter),
    bom: shape.bom ?? usual.bom,
    formulaGuard: shape.formulaGuard ?? true,
  };
}

/** The format that the name of a file promises. */
export function formatByName(path: string): Format | undefined {
  return FORMATS.find((format) => extname(path).toLowerCase() === `.${format}`);
}
