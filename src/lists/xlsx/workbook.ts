/* What a workbook has: its sheets in their order, its texts, and how its cells look. Parts are found by their relationships, as the format says. */
import { UsageError } from '../../core/errors.ts';
import { damaged, openArchive } from './archive.ts';
import type { Archive } from './archive.ts';
import { builtInFormat, shownBy } from './number-format.ts';
import type { Shown } from './number-format.ts';
import { createTextCollector, unhidden } from './text.ts';
import { attributesOf } from './xml.ts';
import type { XmlHandlers } from './xml.ts';

/** A sheet with cells; `part` is where they stand. */
export type ListedSheet = { name: string; part: string; isHidden: boolean };

/** An open workbook. */
export type Workbook = {
  archive: Archive;
  sheets: ListedSheet[];
  /** The texts that cells refer to by their number. They are kept in memory. @throws {UsageError} when they do not fit. */
  texts: (signal?: AbortSignal) => Promise<string[]>;
  /** By the number of the style. */
  styles: () => Promise<Shown[]>;
};

/** What other programs than spreadsheets, or other spreadsheets, pack into an archive. */
const OTHER_KINDS: readonly { part: string; what: string; fix: string }[] = [
  { part: 'xl/workbook.bin', what: 'is a binary workbook (.xlsb)', fix: 'save it as .xlsx' },
  { part: 'content.xml', what: 'is an OpenDocument file (.ods)', fix: 'save it as .xlsx or CSV' },
  { part: 'index/document.iwa', what: 'is a document of Numbers', fix: 'export it as .xlsx or CSV' },
  { part: 'index.zip', what: 'is a document of Numbers', fix: 'export it as .xlsx or CSV' },
  { part: 'word/document.xml', what: 'is a Word document', fix: 'save its table as .xlsx or CSV' },
];
/** Of a part that is kept in memory, so many bytes fit it when they are unpacked; and so many texts. */
const MOST_KEPT_BYTES = 256 * 2 ** 20;
const MOST_TEXTS = 1 << 24;

type Relation = { type: string; part: string };

/** @throws {UsageError} when the file is no workbook, or a damaged one. */
export async function openWorkbook(path: string): Promise<Workbook> {
  const archive = await openArchive(path);
  try {
    const start = [...(await relationsOf(archive, '')).values()].find(({ type }) => type === 'officeDocument')?.part;
    const other = OTHER_KINDS.find(({ part }) => part === start?.toLowerCase() || (start === undefined && archive.has(part)));
    if (other !== undefined) throw new UsageError({ what: `${path} ${other.what}`, fix: other.fix });
    if (start === undefined) throw noWorkbook(path);
    const relations = await relationsOf(archive, start);
    const partOf = (wanted: string) => [...relations.values()].find(({ type }) => type === wanted)?.part;
    const { listed, is1904 } = await contentsOf(archive, start);
    const sheets = listed.flatMap(({ id, name, isHidden }): ListedSheet[] => {
      const relation = relations.get(id);
      if (relation === undefined) throw damaged(path, `the sheet "${name}" is missing`);
      // Charts have sheets of their own.
      return relation.type === 'worksheet' ? [{ name, isHidden, part: relation.part }] : [];
    });
    return { archive, sheets, texts: (signal) => textsOf(archive, partOf('sharedStrings'), signal), styles: () => stylesOf(archive, partOf('styles'), is1904) };
  } catch (error) {
    archive.close();
    throw error;
  }
}

/** What a part leads to, by id. */
async function relationsOf(archive: Archive, part: string): Promise<Map<string, Relation>> {
  const slash = part.lastIndexOf('/') + 1;
  const [folder, name] = [part.slice(0, slash), part.slice(slash)];
  const relations = new Map<string, Relation>();
  const rels = `${folder}_rels/${name}.rels`;
  if (!archive.has(rels)) return relations;
  await whole(archive, rels, {
    open(tag, raw) {
      if (tag !== 'Relationship') return;
      const { Id = '', Type = '', Target = '', TargetMode } = attributesOf(raw);
      // The names of the strict kind of the format differ in all but their end.
      if (TargetMode !== 'External') relations.set(Id, { type: Type.slice(Type.lastIndexOf('/') + 1), part: resolved(folder, Target) });
    },
  });
  return relations;
}

/** A target as the name of a part: `/xl/a.xml` begins at the root, `../a.xml` goes up. */
function resolved(folder: string, target: string): string {
  const names: string[] = [];
  for (const name of `${target.startsWith('/') ? '' : folder}${target}`.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}

async function contentsOf(archive: Archive, part: string): Promise<{ listed: { id: string; name: string; isHidden: boolean }[]; is1904: boolean }> {
  const listed: { id: string; name: string; isHidden: boolean }[] = [];
  let is1904 = false;
  await whole(archive, part, {
    open(tag, raw, parent) {
      if (parent === '' && tag !== 'workbook') throw noWorkbook(archive.path);
      if (tag === 'workbookPr') is1904 = isTrue(attributesOf(raw).date1904);
      if (tag !== 'sheet' || parent !== 'sheets') return;
      const attributes = attributesOf(raw);
      const id = Object.entries(attributes).find(([name]) => name.endsWith(':id'))?.[1] ?? '';
      const { name = '', state = 'visible' } = attributes;
      listed.push({ id, name: unhidden(name), isHidden: state !== 'visible' });
    },
  });
  return { listed, is1904 };
}

async function textsOf(archive: Archive, part: string | undefined, signal?: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  if (part === undefined) return texts;
  const collector = createTextCollector();
  await whole(archive, part, {
    open: (tag, raw) => { if (tag === 'si') collector.begin(); else collector.open(tag, raw); },
    text: collector.text,
    close(tag) {
      if (tag !== 'si') return collector.close(tag);
      if (texts.push(collector.end()) > MOST_TEXTS) throw tooMuch(archive);
    },
  }, signal);
  return texts;
}

async function stylesOf(archive: Archive, part: string | undefined, is1904: boolean): Promise<Shown[]> {
  const own = new Map<number, string>();
  const ids: number[] = [];
  if (part !== undefined) {
    await whole(archive, part, {
      open(tag, raw, parent) {
        if (tag === 'numFmt' && parent === 'numFmts') {
          const { numFmtId, formatCode = '' } = attributesOf(raw);
          own.set(Number(numFmtId), unhidden(formatCode));
        } else if (tag === 'xf' && parent === 'cellXfs') {
          ids.push(Number(attributesOf(raw).numFmtId ?? 0));
        }
      },
    });
  }
  // Thousands of styles may share a few formats.
  const made = new Map<number, Shown>();
  return (ids.length === 0 ? [0] : ids).map((id) => {
    const shown = made.get(id) ?? shownBy(own.get(id) ?? builtInFormat(id), is1904);
    made.set(id, shown);
    return shown;
  });
}

function noWorkbook(path: string): UsageError {
  return new UsageError({ what: `${path} is a zip file that holds no workbook`, fix: 'give the list itself, as .xlsx or CSV' });
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true';
}

function tooMuch({ path }: Archive): UsageError {
  return new UsageError({ what: `${path} holds more text than fits the memory`, fix: 'save the sheet as CSV' });
}

/** Reads a part of which what is found is kept. @throws {UsageError} when it is too long for that. */
async function whole(archive: Archive, part: string, handlers: XmlHandlers, signal?: AbortSignal): Promise<void> {
  if (archive.sizeOf(part) > MOST_KEPT_BYTES) throw tooMuch(archive);
  const parsing = archive.parse(part, handlers, signal);
  while ((await parsing.next()).done !== true);
}
