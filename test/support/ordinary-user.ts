/*
 * Permissions mean nothing to the superuser, who runs tests in many containers. Here work is done under the rights of
 * somebody who owns nothing, as the kernel sees it; whoever is no superuser already is such a user.
 */

/** The user that owns no files on Linux and macOS (`nobody`, `nogroup`). */
const NOBODY = 65_534;

/** Does the work without the rights of the superuser. */
export async function asOrdinaryUser<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined) return work();
  process.seteuid(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid(0);
  }
}
