/* A program whose main thread never comes back, as a faulty expression makes it: `node deaf.mjs <loop | expression>`. */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { listenForSignals } from '../../dist/runtime/shutdown.js';

const nothing = () => undefined;
listenForSignals({ onFirst: nothing, abortCalls: nothing, onForced: nothing, lastWords: 'ended by force\n' });
// The watchdog is there by then.
await setTimeout(8_000);
writeSync(1, 'busy\n');
if (process.argv[2] === 'loop') for (;;);
/^(?:a+)+$/.test(`${'a'.repeat(60)}!`);
