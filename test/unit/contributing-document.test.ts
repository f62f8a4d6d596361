/* docs/contributing.md names every script and folder there is, and nothing that is not there; the README links every page. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageText, quotedIn, tableIn } from '../support/document-tables.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const page = pageText('contributing');
const pages = readdirSync(join(ROOT, 'docs'));

describe('docs/contributing.md', () => {
  it('names each script, and no other', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const named = tableIn(page, 'Command', 'What it does').flatMap(([command = '']) => [...command.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name]) => name));
    expect(named.sort()).toEqual(Object.keys(scripts).filter((name) => !name.startsWith('pre') && name !== 'dependencies').sort());
  });

  it('names each folder of the source, and no other', () => {
    expect(tableIn(page, 'Folder').map(([folder = '']) => folder).sort()).toEqual(readdirSync(join(ROOT, 'src')).map((name) => `src/${name}`).sort());
  });

  it('names no file that is not there', () => {
    const paths = quotedIn(page.replace(/```[^]*?```/g, '')).filter((word) => /^(src|test|sql|\.env)[\w./-]*$/.test(word));
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('the documents', () => {
  it('are all linked by the README', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    expect(pages.filter((name) => !readme.includes(`](docs/${name})`))).toEqual([]);
  });

  it.each(pages)('link only to pages and headings that are there: %s', (name) => {
    const links = [...readFileSync(join(ROOT, 'docs', name), 'utf8').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const slugs = (text: string) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'));
    const broken = links.filter(([, path = '', heading]) => {
      const target = join(ROOT, 'docs', path || name);
      return !existsSync(target) || (heading !== undefined && !slugs(readFileSync(target, 'utf8')).includes(heading));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});
