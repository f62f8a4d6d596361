/* docs/log.md names every event of the log, with its level and its fields, as they are in the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');

type Event = { level: string; message: string; fields: string[] };

const LEVELS = ['debug', 'info', 'warn', 'error'];
/** The sandbox logs for those who work on it; its events are no promise. */
const SANDBOX = join(SRC, 'sandbox/');
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const program = ts.createProgram(files.map((name) => join(SRC, name)), { ...readTsconfig(), noEmit: true });
const checker = program.getTypeChecker();

function readTsconfig(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as { config: { compilerOptions: object } };
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT).options;
}

/** The names of the members of an expression's type; those of a union are all named. */
function membersOf(node: ts.Expression | undefined): string[] {
  if (node === undefined) return [];
  const type = checker.getTypeAtLocation(node);
  const types = type.isUnion() ? type.types : [type];
  return [...new Set(types.flatMap((one) => one.getProperties().map((property) => property.name)))].sort();
}

/** The value of `message` in the literal of an event. */
function messageIn(node: ts.Expression): string[] {
  if (!ts.isObjectLiteralExpression(node)) return [];
  const member = node.properties.find((property) => property.name?.getText() === 'message');
  return member !== undefined && ts.isPropertyAssignment(member) ? textsOf(member.initializer) : [];
}

/** Of a text, or of a choice between two. */
function textsOf(node: ts.Expression): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  return ts.isConditionalExpression(node) ? [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)] : [];
}

/** Calls of the log (`log.info(sentence, fields)`), and of the terminal (`terminal.say(words, { message, ...fields })`). */
function eventsOf(source: ts.SourceFile): { events: Event[]; nameless: string[] } {
  const events: Event[] = [];
  const nameless: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const [on, method] = [node.expression.expression.getText(), node.expression.name.text];
      const [first, second] = node.arguments;
      const at = `${source.fileName.slice(SRC.length + 1)}: ${node.getText().slice(0, 60)}`;
      if (/(^|\.)log\??$/.test(on) && LEVELS.includes(method) && first !== undefined) {
        const messages = textsOf(first);
        if (messages.length === 0) nameless.push(at);
        for (const message of messages) events.push({ level: method, message, fields: membersOf(second) });
      }
      if (/(^|\.)terminal$/.test(on) && (method === 'say' || method === 'insist')) {
        const messages = second === undefined ? [] : messageIn(second);
        if (messages.length === 0) nameless.push(at);
        const fields = membersOf(second).filter((name) => name !== 'message');
        for (const message of messages) events.push({ level: method === 'say' ? 'info' : 'error', message, fields });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { events, nameless };
}

const found = program
  .getSourceFiles()
  .filter(({ fileName }) => fileName.startsWith(SRC) && !fileName.startsWith(SANDBOX))
  .map(eventsOf);

/** The rows of the table: an event may be written in several places. */
function documented(): Event[] {
  const table = readFileSync(join(ROOT, 'docs/log.md'), 'utf8').matchAll(/^\| `([^`]+)` \| (\w+) \|(.*)\|$/gm);
  return [...table].map(([, message = '', level = '', fields = '']) => ({
    message,
    level,
    fields: [...fields.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name).sort(),
  }));
}

const sorted = (events: Event[]) =>
  [...new Set(events.map(({ level, message }) => `${message} (${level})`))]
    .map((name) => {
      const same = events.filter(({ level, message }) => `${message} (${level})` === name);
      return `${name}: ${[...new Set(same.flatMap(({ fields }) => fields))].sort().join(', ')}`;
    })
    .sort();

describe('docs/log.md', () => {
  it('names every event of the code, with its level and its fields, and no other', () => {
    expect(sorted(documented())).toEqual(sorted(found.flatMap(({ events }) => events)));
  });

  it('can rely on every line of the log being an event with a name', () => {
    // The words of explain.ts are errors that end a command; the log of terminal.ts is what say() and insist() were given.
    expect(found.flatMap(({ nameless }) => nameless).filter((at) => !/^cli\/explain\.ts: log\.error/.test(at))).toEqual([]);
  });
});
