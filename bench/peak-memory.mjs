// Preloaded into a measured command: tells its parent the peak resident memory (MB, 10^6 bytes) when it ends.
process.channel?.unref();
process.on('exit', () => process.send?.({ rssMb: (process.resourceUsage().maxRSS * 1024) / 1e6 }));
