/* Text as a workbook writes it: in runs that differ in their looks, with characters that XML cannot carry. */

/** Told what stands in an `si` or `is`; `end` gives the text. */
export type TextCollector = {
  begin: () => void;
  open: (name: string, attributes: string) => void;
  text: (piece: string) => void;
  close: (name: string) => void;
  end: () => string;
};

/** Collects the text of an `si` or `is`: of all its runs, without how it is spoken (`rPh`). Blanks around a run count only where it says so. */
export function createTextCollector(): TextCollector {
  let text = '';
  let run: string | undefined;
  let isKept = false;
  let spoken = 0;
  return {
    begin: () => { [text, run, spoken] = ['', undefined, 0]; },
    open(name: string, attributes: string) {
      if (name === 'rPh') spoken += 1;
      if (name !== 't' || spoken > 0) return;
      run = '';
      isKept = attributes.includes('preserve');
    },
    text(piece: string) {
      if (run !== undefined) run += piece;
    },
    close(name: string) {
      if (name === 'rPh') spoken -= 1;
      if (name !== 't' || run === undefined) return;
      text += isKept ? run : run.trim();
      run = undefined;
    },
    end: () => unhidden(text),
  };
}

/** Text in which characters that XML cannot carry are written as `_x000D_`. */
export function unhidden(text: string): string {
  return text.includes('_x') ? text.replace(/_x([\da-f]{4})_/gi, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16))) : text;
}
