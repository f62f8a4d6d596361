#!/usr/bin/env node
/*
 * The command: looks whether this program can run here before anything of it is read. In words that every Node
 * understands, since an old one would end with its own error at the first that it does not know.
 */
'use strict';
var engines = require('../package.json').engines;

/** What runs this file, and whether it will do. */
function runtime() {
  var least = engines.node.replace('>=', '').split('.');
  var here = process.versions.node.split('.');
  var missing = Number(here[0]) - Number(least[0]) || Number(here[1]) - Number(least[1]);
  // Both call themselves Node too, and have not what is under the lock and the signals.
  if (process.versions.bun) return { name: 'Bun ' + process.versions.bun, fits: false };
  if (process.versions.deno) return { name: 'Deno ' + process.versions.deno, fits: false };
  return { name: 'Node ' + process.versions.node, fits: missing >= 0 };
}

var found = runtime();
if (!found.fits) {
  process.stderr.write('error: waterfall-contacts needs Node ' + engines.node.replace('>=', '') + ' or newer, and this is ' + found.name + '\n');
  process.exit(2);
}
if (!require('fs').existsSync(require('path').join(__dirname, '../dist/bundle/main.js'))) {
  process.stderr.write('error: waterfall-contacts is not built\n  to do: npm install --include=dev\n');
  process.exit(2);
}
import('../dist/bundle/main.js');
