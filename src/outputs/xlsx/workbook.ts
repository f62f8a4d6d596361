/*
 * Tables as a workbook, written as they are read: besides a few rows, from which the widths of the columns are measured,
 * only links are kept. A table that is too long for a sheet goes on on another one.
 */
import { cellText } from '../sheet.ts';
import type { Page, Sheet, Sheets } from '../sheet.ts';
import { CONTENT_TYPES, PACKAGE_RELATIONS, STYLES, linkRelations, workbookRelations, workbookXml } from './parts.ts';
import type { ListedSheet } from './parts.ts';
import { EXCEL_LIMITS, worksheet } from './worksheet.ts';
import type { RowSource, SheetLimits } from './worksheet.ts';
import { zipped } from './zip.ts';
import type { ZipEntry } from './zip.ts';

const ROWS_MEASURED = 100;
/** Or fewer, where they have more characters than this. */
const LETTERS_MEASURED = 1 << 20;
// In characters of the body font. A header has a filter button besides its letters, which are bold.
const NARROWEST = 8;
const WIDEST = 46;
const PADDING = 2;
const HEADER_PADDING = 5;

/** The bytes of a workbook. The same tables give the same bytes. */
export async function* workbook(sheets: Sheets, limits: SheetLimits = EXCEL_LIMITS): AsyncGenerator<Buffer> {
  yield* zipped(parts(sheets, limits));
}

async function* parts(sheets: Sheets, limits: SheetLimits): AsyncGenerator<ZipEntry> {
  yield { path: '[Content_Types].xml', content: [CONTENT_TYPES] };
  yield { path: '_rels/.rels', content: [PACKAGE_RELATIONS] };
  const listed: ListedSheet[] = [];
  for (const sheet of sheets) {
    const { rows, sample, close } = await openRows(sheet);
    try {
      const widths = sheet.columns.map(({ name }, place) => widthOf(name, sample.map((row) => row[place])));
      for (let number = 1; number === 1 || (await rows.more()); number += 1) {
        const file = `sheet${listed.length + 1}.xml`;
        const { xml, written } = worksheet({ columns: sheet.columns, widths, rows, limits, selected: listed.length === 0 });
        yield { path: `xl/worksheets/${file}`, content: xml };
        const { range, targets } = written();
        if (targets.size > 0) yield { path: `xl/worksheets/_rels/${file}.rels`, content: linkRelations(targets) };
        listed.push({ name: number === 1 ? sheet.name : `${sheet.name} ${number}`, range });
      }
    } finally {
      await close();
    }
  }
  yield { path: 'xl/styles.xml', content: [STYLES] };
  yield { path: 'xl/workbook.xml', content: [workbookXml(listed)] };
  yield { path: 'xl/_rels/workbook.xml.rels', content: [workbookRelations(listed.length)] };
}

/** The rows of a sheet, of which the first are read at once and given as the sample. */
async function openRows(sheet: Sheet): Promise<{ rows: RowSource; sample: readonly (readonly unknown[])[]; close: () => Promise<void> }> {
  const iterator = sheet.pages[Symbol.asyncIterator]();
  const waiting: Page[number][] = [];
  const fill = async (count: number) => {
    for (let letters = 0; waiting.length < count && letters < LETTERS_MEASURED; ) {
      const next = await iterator.next();
      if (next.done) return;
      waiting.push(...next.value);
      letters += next.value.reduce((sum, row) => sum + row.reduce<number>((length, cell) => length + (typeof cell === 'string' ? cell.length : 0), 0), 0);
    }
  };
  await fill(ROWS_MEASURED);
  return {
    sample: [...waiting],
    rows: {
      async more() {
        await fill(1);
        return waiting.length > 0;
      },
      async next() {
        await fill(1);
        return waiting.shift();
      },
    },
    close: async () => void (await iterator.return?.()),
  };
}

function widthOf(name: string, values: readonly unknown[]): number {
  const widest = values.reduce<number>((most, value) => Math.max(most, lettersOf(cellText(value)) + PADDING), 0);
  return Math.min(Math.max(widest, lettersOf(name) + HEADER_PADDING, NARROWEST), WIDEST);
}

/** Letters of Chinese, Japanese and Korean, and emoji, are twice as wide. */
function lettersOf(text: string): number {
  const start = text.slice(0, WIDEST);
  return start.length + (start.match(/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/g)?.length ?? 0);
}
