/* Questions that are asked again though something like them was answered: what the opening lines and a dry run tell. */
import { expect, it } from 'vitest';
import { questionOf } from '../../src/kinds/contacts/question.ts';
import type { QuestionOptions } from '../../src/kinds/contacts/question.ts';
import { answeredBefore, answeredBeforeRun, NOTHING_BEFORE } from '../../src/store/answered-before.ts';
import type { Database } from '../../src/store/database.ts';
import { describeOnBoth } from '../support/databases.ts';
import { answerOf, DAY_MS, launch, NOW, person, settleJob, startedRun } from '../support/runs.ts';

const SINCE = new Date(NOW - 30 * DAY_MS);
const DOMAIN = 'alderfinch.example';

type Asked = Partial<QuestionOptions> & { company_name?: string };

function rowAsking(title_filter: string, { company_name = '', ...options }: Asked = {}, position = 0) {
  const all = { api_host: 'api.waterfall.example', limit: 10, include_phones: false, include_unverified: false, ...options };
  const asked = questionOf({ domain: DOMAIN, title_filter, company_name, linkedin: '' }, all);
  if (asked.question === undefined) throw new Error(asked.reason);
  return { position, line: position + 2, cells: [DOMAIN], domain: DOMAIN, title_filter, question: asked.question, question_hash: asked.question_hash };
}

/** An earlier run was answered so many days ago, with so many contacts. */
async function answered(database: Database, id: string, row: ReturnType<typeof rowAsking>, { days = 1, contacts = 2 } = {}): Promise<void> {
  const at = NOW - days * DAY_MS;
  const [target] = await startedRun(database, id, [], { rows: [row], at, maxAgeDays: null });
  if (target === undefined) throw new Error('no target');
  await launch(database, target, `job of ${id}`, at);
  await settleJob(database, { job_id: `job of ${id}`, answer: answerOf(Array.from({ length: contacts }, (_, n) => person(`${id}-${n}`))), answered_at: at, at });
}

describeOnBoth('a question that is asked again', (open) => {
  /** What is told of a new run that asks this, and of a list before it is one. */
  const told = async (row: ReturnType<typeof rowAsking>) => {
    await startedRun(open(), 'new', [], { rows: [row] });
    const ofRun = await answeredBeforeRun(open(), 'new', SINCE);
    await open().script(`delete from waterfall.input_rows where run_id = 'new'; delete from waterfall.targets where run_id = 'new'; delete from waterfall.runs where id = 'new'`);
    expect(await answeredBefore(open(), [row], SINCE)).toEqual(ofRun);
    return ofRun;
  };

  it.each([
    ['in another order', 'ceo OR founder'],
    ['in another case', 'Founder OR CEO'],
    ['with other signs', 'founder, OR "ceo"'],
  ])('was answered with its filter %s', async (_what, spelling) => {
    await answered(open(), 'before', rowAsking(spelling));
    expect(await told(rowAsking('founder OR ceo'))).toEqual({ ...NOTHING_BEFORE, other_spelling: 1, spelling });
  });

  it('was answered with personas that are spelt otherwise', async () => {
    await answered(open(), 'before', rowAsking('', { personas: [{ name: 'leaders', filter: 'CEO OR founder' }] }));
    expect(await told(rowAsking('', { personas: [{ name: 'leaders', filter: 'ceo OR founder' }] }))).toEqual({ ...NOTHING_BEFORE, other_spelling: 1 });
  });

  it('was answered to a smaller limit, which it filled', async () => {
    await answered(open(), 'before', rowAsking('ceo', { limit: 2 }));
    expect(await told(rowAsking('ceo', { company_name: 'Alder & Finch' }))).toEqual({ ...NOTHING_BEFORE, smaller_limit: 1 });
  });

  it('was answered too long ago', async () => {
    await answered(open(), 'before', rowAsking('ceo'), { days: 31 });
    expect(await told(rowAsking('ceo'))).toEqual({ ...NOTHING_BEFORE, too_old: 1 });
  });

  it('counts once, in the way in which its answer is had most easily', async () => {
    await answered(open(), 'old', rowAsking('founder OR ceo'), { days: 31 });
    await answered(open(), 'small', rowAsking('founder OR ceo', { limit: 2 }));
    expect(await told(rowAsking('founder OR ceo'))).toEqual({ ...NOTHING_BEFORE, smaller_limit: 1 });
    await answered(open(), 'spelt', rowAsking('CEO OR founder'));
    expect(await told(rowAsking('founder OR ceo'))).toEqual({ ...NOTHING_BEFORE, other_spelling: 1, spelling: 'CEO OR founder' });
  });

  it.each<[string, Asked | undefined, string, { days?: number; contacts?: number }]>([
    ['its answer is taken', undefined, 'founder OR ceo', {}],
    ['another filter was asked', undefined, 'cto', {}],
    ['the answer to another spelling is too old', undefined, 'ceo OR founder', { days: 31 }],
    ['the answer to another spelling is too short', { limit: 2 }, 'ceo OR founder', {}],
    ['another place was asked for', { location: 'Malmö' }, 'ceo OR founder', {}],
    ['another API was asked', { api_host: 'sandbox' }, 'ceo OR founder', {}],
  ])('is not told of where %s', async (_what, options, filter, how) => {
    await answered(open(), 'before', rowAsking(filter, options), how);
    await startedRun(open(), 'new', [], { rows: [rowAsking('founder OR ceo')] });
    expect(await answeredBeforeRun(open(), 'new', SINCE)).toEqual(NOTHING_BEFORE);
  });
});
