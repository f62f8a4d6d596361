/* No text of the API or of a list makes a save fail, and what is read back is what was saved. */
import { expect, it } from 'vitest';
import { advance } from '../../src/core/progress.ts';
import { showRun } from '../../src/store/import.ts';
import { createRun } from '../../src/store/run-owner.ts';
import { findRun } from '../../src/store/runs.ts';
import { answeredRows, reportRows } from '../../src/store/outcomes.ts';
import { saveProgress } from '../../src/store/targets.ts';
import { describeOnBoth } from '../support/databases.ts';
import { ALDERFINCH, answeredRun, answerOf, CALLER, launch, person, PROCESS, rowFor, startedRun, startedTarget, taker } from '../support/runs.ts';

/** Text, and what is kept of it where that is not the same. */
const CASES: readonly (readonly [what: string, text: string, kept?: string])[] = [
  ['NUL characters', 'Ida\0 Fjord\0', 'Ida Fjord'],
  ['a lone high surrogate', 'Ida\ud83d', 'Ida\ufffd'],
  ['a lone low surrogate', '\udc00Ida', '\ufffdIda'],
  ['surrogates in the wrong order', '\udc00\ud83d', '\ufffd\ufffd'],
  ['the escape of a NUL, spelled out', 'C:\\u0000\\path'],
  ['emoji and joiners', '👩🏽‍🚀 Ida 🇳🇴'],
  ['right-to-left text and its marks', 'עידה \u202eFjord\u202c فيورد'],
  ['combining marks in both forms', 'A\u030a \u00c5'],
  ['quotes and backslashes', `Ida "the \\'hammer'" O'Fjord; drop table waterfall.runs; --`],
  ['what arrays and parameters are made of', '{NULL,"a",} $1 ${x} %s :name ?'],
  ['control characters and line ends', 'a\u0001\u001f\u007f\r\n\t\u2028b'],
  ['spaces only', ' \u00a0\u3000'],
  ['characters at the edge', '\uffff\ufffe\ufeff\u{10ffff}'],
];
const TEXTS = CASES.map(([what, text, kept = text]) => [what, text, kept] as const);
const MEGABYTE = 'Fjørd 👩🏽‍🚀 "\\'.repeat(45_000);

describeOnBoth('saving an answer', (open) => {
  it.each([...TEXTS, ['a megabyte', MEGABYTE, MEGABYTE] as const])('with %s keeps the text wherever it is', async (_what, text, kept) => {
    const given = person('p1', { last_name: text, phone_numbers: [text, 'x'], experiences: [{ [text]: [text] }], unknown_member: { deep: text } });
    await answeredRun(open(), 'run-1', 'alderfinch.example', answerOf([given], { ...ALDERFINCH, company_name: text, generic_emails: [text] }));

    const expected = { last_name: kept, phone_numbers: [kept, 'x'], experiences: [{ [kept]: [kept] }] };
    expect(await open().query('select last_name, phone_numbers, experiences from waterfall.contacts')).toEqual([expected]);
    expect(await open().query('select company_name, generic_emails from waterfall.companies')).toEqual([{ company_name: kept, generic_emails: [kept] }]);
    const [row] = await answeredRows(open(), { run_id: 'run-1', after: -1, limit: 1 });
    expect(row?.answer?.persons?.[0]).toEqual({ ...given, ...expected, unknown_member: { deep: kept } });
    expect(row?.answer?.company).toEqual({ ...ALDERFINCH, company_name: kept, generic_emails: [kept] });
  });

  it.each([
    ['of 40 characters', 'id-'.padEnd(40, 'x')],
    ['of 200 characters, three bytes each', '語'.repeat(200)],
    ['with a quote and a backslash', `it's\\"an id`],
  ])('keeps people and companies with ids %s', async (_what, id) => {
    await answeredRun(open(), 'run-1', 'alderfinch.example', answerOf([person(id)], { ...ALDERFINCH, id }));
    expect(await open().query('select id, company_id from waterfall.contacts')).toEqual([{ id, company_id: id }]);
  });

  it('keeps people with ids of 5,000 characters, which no index holds, in the answer only', async () => {
    const id = Array.from({ length: 5_000 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7_919) % 20_000))).join('');
    await answeredRun(open(), 'run-1', 'alderfinch.example', answerOf([person(id), person('p2', { company_id: id })], { ...ALDERFINCH, id }));
    expect(await open().query('select id, company_id from waterfall.contacts')).toEqual([{ id: 'p2', company_id: null }]);
    const [row] = await answeredRows(open(), { run_id: 'run-1', after: -1, limit: 1 });
    expect(row?.answer?.persons?.map((one) => one.id)).toEqual([id, 'p2']);
  });

  it('takes ids that are the same but for a NUL for the same person', async () => {
    await answeredRun(open(), 'run-1', 'alderfinch.example', answerOf([person('p1'), person('p\u00001')]));
    expect(await open().query('select id from waterfall.contacts')).toEqual([{ id: 'p1' }]);
    expect(await open().query('select position, contact_id from waterfall.answer_contacts order by position')).toEqual([
      { position: 0, contact_id: 'p1' },
      { position: 1, contact_id: 'p1' },
    ]);
  });
});

describeOnBoth('saving a list', (open) => {
  it.each([...TEXTS, ['a megabyte', MEGABYTE, MEGABYTE] as const])('with %s keeps its cells and its columns', async (_what, text, kept) => {
    await startedRun(open(), 'run-1', [], {
      rows: [
        { ...rowFor('alderfinch.example', 0), cells: [text, ''] },
        { ...rowFor('no domain', 1), domain: text, cells: [text], reason: text },
      ],
    });
    expect(await reportRows(open(), { run_id: 'run-1', after: -1, limit: 9 })).toMatchObject([
      { cells: [kept, ''] },
      { domain: kept, cells: [kept], reason: kept },
    ]);
  });

  it.each(TEXTS)('with %s keeps its name and options', async (_what, text, kept) => {
    await createRun(open(), { id: 'run-1', key: 'k', input_name: text, input_columns: [text], options: { [text]: text } }, { ...taker(), process_id: PROCESS });
    await showRun(open(), 'run-1');
    expect(await findRun(open(), 'run-1')).toMatchObject({ input_name: kept, input_columns: [kept], options: { [kept]: kept } });
  });
});

describeOnBoth('saving a reason', (open) => {
  it.each(TEXTS)('with %s keeps it', async (_what, reason, kept) => {
    const launched = await launch(open(), await startedTarget(open(), 'run-1', 'alderfinch.example'), 'job-1');
    expect((await saveProgress(open(), CALLER, launched, advance(launched, { kind: 'job_ended', reason }))).saved).toBe('saved');
    expect(await open().query('select reason from waterfall.targets')).toEqual([{ reason: kept }]);
  });
});
