// Page: how the demo writes, and how it stops when something is not as its text says.

const WIDTH = 100;
const INDENT = '    ';

/** What the demo tells does not hold: the service, its configuration or the demo is wrong. */
export class NotAsTold extends Error {
  override readonly name = 'NotAsTold';
}

/** Goes on only if what is told is so. */
export function hold(isSo: boolean, told: string): asserts isSo {
  if (!isSo) throw new NotAsTold(told);
}

let afterBlank = false;

/** Never leaves two lines blank one after another. */
function write(line: string): void {
  if (line !== '' || !afterBlank) console.log(line);
  afterBlank = line === '';
}

export function title(text: string): void {
  write('');
  console.log(`${text}\n${'='.repeat(text.length)}`);
  afterBlank = false;
}

export function section(text: string): void {
  write('');
  console.log(`\n${text}\n${'-'.repeat(text.length)}`);
  afterBlank = false;
}

/** A paragraph, broken into lines between words. */
export function say(text: string): void {
  let line = '';
  write('');
  for (const word of text.split(' ')) {
    if (line.length + word.length >= WIDTH) {
      write(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  write(line);
  write('');
}

/** What was sent, received or printed, as it is. */
export function show(text: string): void {
  for (const line of text.split('\n')) write(INDENT + line);
}

/** One request in a line: who asked, what, and what came of it. */
export function exchange(who: string, asked: string, status: number | '', meaning: string): void {
  show(`${who.padEnd(5)} ${asked.padEnd(47)} ${String(status).padEnd(4)} ${meaning}`);
}
