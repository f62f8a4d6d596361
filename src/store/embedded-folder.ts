/* Where the embedded database is. Apart from its driver, so that to look there loads nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the embedded database in a home folder. */
export function embeddedFolder(home: string): string {
  return join(home, 'database');
}

/** Whether there is an embedded database in this home folder: opening it would make one. */
export function hasEmbedded(home: string): boolean {
  return existsSync(embeddedFolder(home));
}
