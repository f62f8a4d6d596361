// Preloaded into a measured command: tells its parent, when it ends, its peak resident memory (bytes) and its processor time (ms).
import { readFileSync } from 'node:fs';

process.channel?.unref();
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.send?.({ cpuMs: (userCPUTime + systemCPUTime) / 1000, peakBytes: ownPeak() ?? maxRSS * 1024 });
});

/** Linux: of this process alone. `maxRSS` begins with the memory of the parent that made it. */
function ownPeak() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  } catch {
    return undefined;
  }
}
