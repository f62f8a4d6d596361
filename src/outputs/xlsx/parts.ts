/* The parts of a workbook besides its worksheets: what there is, how cells look, which sheets in which order. No part has a date. */
import { xmlText } from './text.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const CONTENT = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

const RELATIONS_START = `${DECLARATION}<Relationships xmlns="${PACKAGE}/relationships">`;
const RELATIONS_END = '</Relationships>';

/** The looks of cells: places in `cellXfs` of the styles. */
export const STYLE = { number: 0, header: 1, text: 2, link: 3, truth: 4, long: 5 } as const;

/** A sheet of the workbook: its name and the range of its filter. */
export type ListedSheet = { name: string; range: string };

/** Comes first, before it is known how many worksheets there are: so these are what a part is by default. */
export const CONTENT_TYPES =
  `${DECLARATION}<Types xmlns="${PACKAGE}/content-types">` +
  '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
  `<Default Extension="xml" ContentType="${CONTENT}.worksheet+xml"/>` +
  `<Override PartName="/xl/workbook.xml" ContentType="${CONTENT}.sheet.main+xml"/>` +
  `<Override PartName="/xl/styles.xml" ContentType="${CONTENT}.styles+xml"/></Types>`;

/** Leads to the workbook. */
export const PACKAGE_RELATIONS = relations([relation('rId1', 'officeDocument', 'xl/workbook.xml')]);

const CALIBRI = '<name val="Calibri"/><family val="2"/>';
const FONTS = [`<sz val="11"/>${CALIBRI}`, `<b/><sz val="11"/>${CALIBRI}`, `<u/><sz val="11"/><color rgb="FF0563C1"/>${CALIBRI}`];
/** The first two are fixed by the format. */
const FILLS = [
  '<patternFill patternType="none"/>',
  '<patternFill patternType="gray125"/>',
  '<patternFill patternType="solid"><fgColor rgb="FFE7EEF5"/><bgColor indexed="64"/></patternFill>',
];
/** "@": text stays text when somebody edits the cell. */
const AS_TEXT = 'numFmtId="49" applyNumberFormat="1"';
/** LibreOffice shows truth values as 1 and 0 without it; Excel shows them in the user's language in any case. */
const AS_TRUTH = 'numFmtId="164" applyNumberFormat="1"';
/** Of a cell with several lines the first is seen. */
const TOP = '<alignment vertical="top"/>';
const LOOKS: Record<keyof typeof STYLE, string> = {
  number: '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',
  header: `<xf ${AS_TEXT} fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/>`,
  text: `<xf ${AS_TEXT} fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1">${TOP}</xf>`,
  link: `<xf ${AS_TEXT} fontId="2" fillId="0" borderId="0" xfId="0" applyFont="1"/>`,
  truth: `<xf ${AS_TRUTH} fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment horizontal="center"/></xf>`,
  long: `<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1">${TOP}</xf>`,
};

/** How cells look. */
export const STYLES =
  `${DECLARATION}<styleSheet xmlns="${MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="&quot;TRUE&quot;;&quot;TRUE&quot;;&quot;FALSE&quot;"/></numFmts>` +
  `<fonts count="${FONTS.length}">${FONTS.map((font) => `<font>${font}</font>`).join('')}</fonts>` +
  `<fills count="${FILLS.length}">${FILLS.map((fill) => `<fill>${fill}</fill>`).join('')}</fills>` +
  '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
  '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
  `<cellXfs count="${Object.keys(STYLE).length}">${Object.values(LOOKS).join('')}</cellXfs>` +
  '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>';

/** The list of the sheets, and the names that Excel wants for their filters. */
export function workbookXml(sheets: readonly ListedSheet[]): string {
  const listed = sheets.map(({ name }, place) => `<sheet name="${xmlText(name)}" sheetId="${place + 1}" r:id="rId${place + 1}"/>`);
  const filters = sheets.map(({ name, range }, place) => {
    const fixed = range.replace(/\b([A-Z]+)(\d+)/g, '$$$1$$$2');
    return `<definedName name="_xlnm._FilterDatabase" localSheetId="${place}" hidden="1">'${xmlText(name)}'!${fixed}</definedName>`;
  });
  return (
    `${DECLARATION}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><bookViews><workbookView/></bookViews>` +
    `<sheets>${listed.join('')}</sheets><definedNames>${filters.join('')}</definedNames></workbook>`
  );
}

/** Leads from the workbook to `count` worksheets and the styles. */
export function workbookRelations(count: number): string {
  const worksheets = Array.from({ length: count }, (_, place) => relation(`rId${place + 1}`, 'worksheet', `worksheets/sheet${place + 1}.xml`));
  return relations([...worksheets, relation(`rId${count + 1}`, 'styles', 'styles.xml')]);
}

/** Leads from a worksheet to the web, piece by piece: there may be tens of thousands. `targets`: addresses with their ids. */
export function* linkRelations(targets: Iterable<readonly [target: string, id: number]>): Generator<string> {
  yield RELATIONS_START;
  for (const [target, id] of targets) yield relation(`rId${id}`, 'hyperlink', target, true);
  yield RELATIONS_END;
}

function relations(all: readonly string[]): string {
  return RELATIONS_START + all.join('') + RELATIONS_END;
}

function relation(id: string, type: string, target: string, isExternal = false): string {
  const mode = isExternal ? ' TargetMode="External"' : '';
  return `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${xmlAttribute(target)}"${mode}/>`;
}

/** Unlike the text of a cell, an attribute knows no `_x0041_`. */
function xmlAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
