/* The records of a list in a workbook: of its first sheet that is seen and has rows, or of the one that is named; every cell as it is shown. */
import { closest } from '../core/closest.ts';
import { UsageError } from '../core/errors.ts';
import { beginning } from '../core/text.ts';
import type { ListFormat } from './format.ts';
import type { ListRecord } from './records.ts';
import { damaged } from './xlsx/archive.ts';
import { unhidden } from './xlsx/text.ts';
import { openWorkbook } from './xlsx/workbook.ts';
import type { ListedSheet, Workbook } from './xlsx/workbook.ts';
import { sheetRows } from './xlsx/worksheet.ts';
import type { CellContent } from './xlsx/worksheet.ts';

/** Which sheet of a workbook is the list. */
export type ListSheet = {
  name: string;
  /** Other sheets that are seen and have rows, where none was named. */
  others: string[];
  /** Whether the sheet was named. */
  isChosen: boolean;
  /** Up to the last column in which anything stands: what the header does not name is a column too, as in a CSV that a spreadsheet program saves. */
  width: number;
  /** Formulas that no program has worked out: how many, and the line of the first. They are read as empty. */
  unworked?: { cells: number; line: number };
};

const SHEETS_NAMED = 20;

/**
 * Reads the sheet once, so that what is damaged in it is known before anything is sent.
 * @throws {UsageError} when there is no such sheet, when it has no rows, and for what is no workbook.
 */
export async function examineWorkbook(path: string, wanted: string | undefined, signal?: AbortSignal): Promise<ListSheet> {
  const workbook = await openWorkbook(path);
  try {
    const visible = workbook.sheets.filter(({ isHidden }) => !isHidden);
    const named = wanted === undefined ? undefined : sheetCalled(wanted, workbook);
    const withRows: ListedSheet[] = [];
    if (named === undefined) for (const sheet of visible) if (await hasRows(workbook, sheet, signal)) withRows.push(sheet);
    const chosen = named ?? withRows[0];
    if (chosen === undefined) throw new UsageError({ what: `${path} has no sheet with rows`, fix: 'give a workbook with a header and at least one row' });
    let width = 0;
    let unworked: ListSheet['unworked'];
    const onUnworked = (line: number) => { unworked = { line: unworked?.line ?? line, cells: (unworked?.cells ?? 0) + 1 }; };
    for await (const rows of sheetRows(workbook.archive, { part: chosen.part, shown: ({ value }) => value, onUnworked }, signal)) {
      for (const { cells } of rows) width = Math.max(width, cells.length);
    }
    if (width === 0) throw new UsageError({ what: `the sheet ${shown(chosen.name)} of ${path} has no rows`, fix: `choose another with --sheet. ${listed(workbook.sheets)}` });
    return { name: chosen.name, others: withRows.filter((sheet) => sheet !== chosen).map(({ name }) => name), isChosen: named !== undefined, width, ...(unworked !== undefined && { unworked }) };
  } finally {
    workbook.archive.close();
  }
}

/** Every row of the sheet that is not blank. */
export async function* workbookRecords(path: string, { workbook: list }: ListFormat, signal?: AbortSignal): AsyncGenerator<ListRecord> {
  if (list === undefined) return;
  const workbook = await openWorkbook(path);
  try {
    const textOf = await cellTexts(workbook, signal);
    for await (const rows of sheetRows(workbook.archive, { part: sheetCalled(list.name, workbook).part, shown: textOf }, signal)) {
      for (const { line, cells } of rows) {
        const raw = cells.join(' ');
        while (cells.length < list.width) cells.push('');
        yield { cells, line, lines: 1, raw };
      }
    }
  } finally {
    workbook.archive.close();
  }
}

async function hasRows({ archive }: Workbook, { part }: ListedSheet, signal?: AbortSignal): Promise<boolean> {
  for await (const rows of sheetRows(archive, { part, shown: ({ value }) => value }, signal)) if (rows.length > 0) return true;
  return false;
}

/** What makes text of a cell, as it is shown. */
async function cellTexts(workbook: Workbook, signal?: AbortSignal): Promise<(cell: CellContent) => string> {
  const [styles, texts] = [await workbook.styles(), await workbook.texts(signal)];
  const [usual] = styles;
  return ({ type, style, value }) => {
    const look = styles[style] ?? usual;
    if (look === undefined) return value;
    switch (type) {
      case 's': {
        const text = texts[Number(value)];
        if (text === undefined) throw damaged(workbook.archive.path, `a cell refers to text ${value.slice(0, 20)}, which is not there`);
        return look.text(text);
      }
      case 'inlineStr':
        return look.text(value);
      case 'str':
        return look.text(unhidden(value));
      case 'b':
        return value.trim() === '1' || value.trim() === 'true' ? 'TRUE' : 'FALSE';
      case 'd':
        return look.date(value.trim());
      case 'n': {
        const number = value.trim() === '' ? NaN : Number(value);
        return Number.isFinite(number) ? look.number(number) : value;
      }
      default:
        return value;
    }
  };
}

/** The sheet of this name, else the one that differs in case alone. @throws {UsageError} when there is none. */
function sheetCalled(name: string, { archive, sheets }: Workbook): ListedSheet {
  const keyOf = (text: string) => text.normalize('NFC').trim().toLowerCase();
  const found = sheets.find((sheet) => sheet.name === name) ?? sheets.find((sheet) => keyOf(sheet.name) === keyOf(name));
  if (found !== undefined) return found;
  const similar = closest(name, sheets.map((sheet) => sheet.name), keyOf);
  const hint = similar === undefined ? '' : `did you mean ${shown(similar)}? `;
  throw new UsageError({ what: `${archive.path} has no sheet ${shown(name)} (--sheet)`, fix: `${hint}${listed(sheets)}` });
}

function listed(sheets: readonly ListedSheet[]): string {
  const names = sheets.slice(0, SHEETS_NAMED).map(({ name }) => shown(name)).join(', ');
  return `Its sheets are ${names}${sheets.length > SHEETS_NAMED ? `, ... (${sheets.length} in all)` : ''}`;
}

/** A name in quotation marks, without what would move the cursor of a terminal. */
function shown(name: string): string {
  return `"${beginning(name.replace(/[\p{Cc}\p{Cf}]+/gu, ' '), 60)}"`;
}
