/* The options of the outputs: the same for every command that writes contacts. */
import { Option } from 'commander';
import type { Command } from 'commander';
import type { ShapeChoice } from '../service/output-shape.ts';

/** As commander gives them. */
export type OutputCommandOptions = ShapeChoice & { output?: string; report?: string };

const FORMATS: Required<ShapeChoice>['format'][] = ['csv', 'tsv', 'jsonl', 'xlsx'];

const WORDS = {
  output: 'where the contacts go: a file, a folder, or - for stdout (default: companies.csv -> companies.contacts.csv)',
  report: 'where the report goes, likewise (default: beside the contacts, a.csv -> a.report.csv; none when they go to stdout)',
};

/** Adds the options to a command. `words` explain where its outputs go. */
export function outputOptions(command: Command, words: typeof WORDS = WORDS): Command {
  return command
    .optionsGroup('Where the results go, and what they look like:')
    .option('-o, --output <file>', words.output)
    .option('--report <file>', words.report)
    .addOption(new Option('--format <format>', 'of the contacts, whatever the file is called (default: by its name; stdout: csv)').choices(FORMATS))
    .option('--columns <list>', 'of the contacts: names with commas between them, or all (default: those of docs/output.md)')
    .option('--output-delimiter <char>', 'of csv: one of , ; tab | (default: that of the list; stdout: comma)')
    .option('--bom', 'begin csv and tsv with a byte order mark (default: as the list; stdout: none)')
    .option('--no-bom', 'begin without one')
    .option('--formula-guard', "put a ' before cells of csv and tsv that a spreadsheet would run (the default)")
    .option('--no-formula-guard', 'leave them as they are');
}
