/* That the cases of this folder do run on the oldest server that is supported: this file is of the project `postgres-14` alone. */
import { expect, it } from 'vitest';
import { describeOnPostgres } from '../support/databases.ts';

describeOnPostgres('the oldest server', (open) => {
  it('is of version 14', async () => {
    expect(await open().query("select current_setting('server_version_num')::integer / 10000 as version")).toEqual([{ version: 14 }]);
  });
});
