/* `run`: the main job. Finds people for every company of a list. */
import { readAll } from '../../core/problems.ts';
import { forcedFormat } from '../../lists/format.ts';
import type { ListColumns } from '../../lists/columns.ts';
import { durationOption } from '../../runtime/config.ts';
import { askContacts } from '../../service/contact-rows.ts';
import { readShape } from '../../service/output-shape.ts';
import { askList, askLists } from '../ask-list.ts';
import type { ListCommandOptions } from '../ask-list.ts';
import { readQuestionOptions } from '../contact-questions.ts';
import type { QuestionCommandOptions } from '../contact-questions.ts';
import { excludedDomains } from '../excluded-domains.ts';
import { withFiles } from '../option-files.ts';
import { readPace } from '../perform.ts';
import { openSession, openSessionWithKey } from '../session.ts';

/** Options of `run`, as commander gives them. */
export type RunCommandOptions = ListCommandOptions & QuestionCommandOptions & { domainColumn?: string; filterColumn?: string; maxAge: string };

/** Runs the command, list by list; returns its exit code. */
export async function run(inputs: readonly string[], options: RunCommandOptions): Promise<number> {
  return askLists(inputs, options, { columns: columnsOf(options), askOne: (input) => runList(input, options) });
}

async function runList(input: string, options: RunCommandOptions): Promise<number> {
  const filled = await withFiles(options);
  const excluded = await excludedDomains(options.excludeDomain);
  const [session, pace, shape, maxAgeMs, asked] = readAll(
    () => (options.dryRun ? openSession(options) : openSessionWithKey(options)),
    () => readPace(options),
    () => readShape(options),
    () => durationOption('--max-age', options.maxAge),
    () => readQuestionOptions(filled.options, [...filled.problems, ...excluded.problems]),
    () => forcedFormat(options),
  );
  const question = { ...asked.question, api_host: options.sandbox ? 'sandbox' : new URL(session.settings.baseUrl).host };
  const { terminal } = session;
  for (const { option, column, message } of asked.hints) {
    terminal.say(`hint: ${option}, character ${column}: ${message}`, { message: 'hint', option, hint: message });
  }
  for (const hint of excluded.hints) terminal.say(`hint: ${hint}`, { message: 'hint', hint });

  let isOrSaid = false;
  const onOrRead = () => {
    if (!isOrSaid) terminal.say('"or" between words of a title filter is read as OR (--filter-as-is sends filters as they are)', { message: 'or read as OR' });
    isOrSaid = true;
  };
  return askList(input, options, {
    ...{ session, pace, shape, maxAgeMs, excluded: excluded.domains },
    asking: { question },
    columnOptions: columnsOf(options),
    problems: (name, columns) =>
      columns.filter !== undefined || question.title_filter !== undefined || question.personas !== undefined
        ? []
        : [
            {
              what: `${name} has no column with title filters, and no filter is given for all rows`,
              fix: 'add --title-filter "(founder OR ceo) AND NOT assistant", or name the column with --filter-column',
            },
          ],
    understood: (columns) => understoodColumns(columns, options.hints),
    onRead: () => (asked.isOrRead ? onOrRead() : undefined),
    ask: (columns, row, onAdvice) => askContacts({ columns, options: question, excluded: excluded.domains, onAdvice, onOrRead }, row),
  });
}

/** How the user said that the columns are found. */
function columnsOf({ domainColumn, filterColumn }: RunCommandOptions) {
  return { ...(domainColumn !== undefined && { domainColumn }), ...(filterColumn !== undefined && { filterColumn }) };
}

/** Which columns are read as what. */
function understoodColumns(columns: ListColumns, areHintsSent: boolean) {
  const nameOf = (index: number | undefined) => (index === undefined ? null : (columns.names[index] ?? null));
  const fields = {
    domain_column: nameOf(columns.domain),
    filter_column: nameOf(columns.filter),
    hint_columns: [columns.company_name, columns.linkedin].flatMap((index) => nameOf(index) ?? []),
  };
  const filters = fields.filter_column === null ? 'title filters from the command line' : `title filters in column "${fields.filter_column}"`;
  const names = fields.hint_columns.map((name) => `"${name}"`).join(' and ');
  const hints = names === '' ? '' : areHintsSent ? `, hints in column ${names}` : `, no hints from column ${names} (--no-hints)`;
  return { words: `domains in column "${fields.domain_column}", ${filters}${hints}`, fields };
}
