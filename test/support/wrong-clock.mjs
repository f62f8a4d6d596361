/* Sets the clock of a process wrong by WRONG_BY_MS, as a machine that nobody looks after has it: given to Node with --import. */
const offMs = Number(process.env.WRONG_BY_MS);
const RightDate = Date;

globalThis.Date = class extends RightDate {
  constructor(...given) {
    if (given.length === 0) super(RightDate.now() + offMs);
    else super(...given);
  }

  static now() {
    return RightDate.now() + offMs;
  }
};
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + offMs });
