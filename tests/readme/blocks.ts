// Blocks: what a page tells its reader to type, and what it says will come of it.
//
// Owns the reading of the page. A block of answers (`json`, `text`) belongs to the block of commands (`sh`) before it.

export interface Block {
  /** The line of the page on which the commands begin. */
  readonly line: number;
  readonly commands: string;
  readonly answer: Answer | undefined;
}

export interface Answer {
  readonly language: string;
  readonly text: string;
}

const FENCED = /^```(?<language>[a-z]*)\n(?<text>[\s\S]*?)^```$/gmu;
const ANSWERS = new Set(['json', 'text']);

/** All blocks of commands, in their order. Throws for an answer that follows no commands. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  for (const { index, groups = {} } of page.matchAll(FENCED)) {
    const { language = '', text = '' } = groups;
    const line = page.slice(0, index).split('\n').length + 1;
    if (language === 'sh') blocks.push({ line, commands: text, answer: undefined });
    if (!ANSWERS.has(language)) continue;
    const asked = blocks.pop();
    if (asked === undefined || asked.answer !== undefined) throw new Error(`the answer on line ${line} belongs to no commands`);
    blocks.push({ ...asked, answer: { language, text } });
  }
  return blocks;
}
