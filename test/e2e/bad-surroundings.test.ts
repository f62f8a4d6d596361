/* No key, no database, no place to write: said in one sentence with what to do, exit 2, before anything is sent. */
import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { it, sql, type Scene } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

const RUN = ['run', 'list.csv'];

describe.concurrent('a run', () => {
  it('without a key is refused before anything else, and a trial is offered', async ({ open }) => {
    const scene = await withList(await open());
    const { stderr } = await refused(scene, RUN, { WATERFALL_API_KEY: undefined, DATABASE_URL: 'postgres://127.0.0.1:9/none' });
    expect(stderr).toBe(
      'error: there is no API key\n  to do: set WATERFALL_API_KEY in the environment or in .env, or add --sandbox for a trial without one\n',
    );
  });

  it('with a database that cannot be reached is refused', async ({ open }) => {
    const scene = await withList(await open());
    const { stderr } = await refused(scene, RUN, { DATABASE_URL: 'postgres://someone@127.0.0.1:9/contacts' });
    expect(stderr).toMatch(/error: the database \(127\.0\.0\.1:9\/contacts\) cannot be used: connection refused\n {2}to do: start the server, or correct host and port/);
  });

  it('with a wrong database password is refused, and the password is not shown', async ({ open, databaseUrl }) => {
    const scene = await withList(await open());
    const url = new URL(databaseUrl);
    url.password = 'not-the-pass%3Aword';
    const { stderr } = await refused(scene, [...RUN, '--verbose'], { DATABASE_URL: url.href });
    expect(stderr).toMatch(/error: the database \(\S+\) cannot be used: wrong user or password\n {2}to do: correct DATABASE_URL\n/);
    expect(stderr).not.toMatch(/not-the-pass/);
  });

  it('on a database that a newer version has made is refused', async ({ open, newDatabase }) => {
    const scene = await withList(await open());
    const url = await newDatabase({ migrated: true });
    const env = { DATABASE_URL: url };
    await sql(url, "insert into waterfall.schema_migrations (version, name, checksum) values (9999, '9999_future.sql', 'x')");
    const { stderr } = await refused(scene, RUN, env);
    expect(stderr).toMatch(/error: the database has schema version 9999, and this program knows \d+\n {2}to do: install a newer waterfall-contacts\n$/);
  });

  it('by a user who may not create the schema is refused, and told who could', async ({ open, newDatabase }) => {
    const scene = await withList(await open());
    const url = new URL(await newDatabase());
    const role = `clerk_${randomUUID().replaceAll('-', '')}`;
    await sql(url.href, `create role ${role} login password 'clerk'`);
    [url.username, url.password] = [role, 'clerk'];
    const { stderr } = await refused(scene, RUN, { DATABASE_URL: url.href });
    expect(stderr).toMatch(/error: this user may not create the schema "waterfall" in the database \(\S+\)\n {2}to do: let its owner run: waterfall-contacts migrate --print \| psql "\$DATABASE_URL"\n$/);
  });

  it('whose home folder cannot be made is refused', async ({ open }) => {
    const scene = await withList(await open({ embedded: true }));
    const { stderr } = await refused(scene, RUN, { WATERFALL_CONTACTS_HOME: `${scene.folder}/list.csv` });
    expect(stderr).toMatch(/error: the home folder \S+\/list\.csv cannot be used: .+\n {2}to do: choose another one with --home or WATERFALL_CONTACTS_HOME, or set DATABASE_URL\n$/);
  });
});

async function withList(scene: Scene): Promise<Scene> {
  await scene.write('list.csv', list(companies(2)));
  return scene;
}

async function refused(scene: Scene, args: readonly string[], env: Record<string, string | undefined>) {
  const ended = await scene.run(args, { env });
  expect(ended).toMatchObject({ exit: 2, stdout: '' });
  expect(ended.stderr).not.toMatch(/\n\s+at |node:internal|bug in waterfall/);
  expect((await scene.sandbox.stats()).launch_requests).toBe(0);
  return ended;
}
