// Answers: the bytes that a connection gave back, read strictly as HTTP/1.1.
//
// Owns the reading and nothing of what an answer should say (oracle.ts). A reader of our own, because a client library
// forgives what a proxy in front of the service may not.

export interface Answer {
  readonly status: number;
  /** By lower-case name; a header that came twice has both values, comma-separated. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface ReadAnswers {
  readonly answers: readonly Answer[];
  /** What makes the bytes no HTTP; `undefined` where there is nothing to complain about. */
  readonly broken?: string;
  /** Bytes that begin an answer and do not end it. */
  readonly isCut: boolean;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS_LINE = /^HTTP\/1\.1 (?<status>[1-5]\d\d)(?: [\t\x20-\x7e]*)?$/u;
const HEADER = /^(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*(?<value>[\t\x20-\x7e\u0080-\u00ff]*)$/u;
const NO_BODY = new Set([204, 304]);

/** Answers to requests of which those with a true `isHead` at their place have no body, whatever their length says. */
export function readAnswers(bytes: Buffer, isHead: (nth: number) => boolean = () => false): ReadAnswers {
  const answers: Answer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const read = readAnswer(bytes, at, isHead(answers.length));
    if (read === undefined) return { answers, isCut: true };
    if ('broken' in read) return { answers, broken: read.broken, isCut: false };
    at = read.end;
    if (read.answer.status >= 200) answers.push(read.answer);
  }
  return { answers, isCut: false };
}

type Read<T> = (T & { readonly end: number }) | { readonly broken: string } | undefined;

function readAnswer(bytes: Buffer, start: number, isHead: boolean): Read<{ readonly answer: Answer }> {
  const headEnd = bytes.indexOf(HEAD_END, start);
  if (headEnd === -1) return beginsWell(bytes, start) ? undefined : { broken: `not an answer: ${shown(bytes, start)}` };
  const [statusLine = '', ...lines] = bytes.toString('latin1', start, headEnd).split('\r\n');
  const status = STATUS_LINE.exec(statusLine)?.groups?.['status'];
  if (status === undefined) return { broken: `not a status line: ${statusLine.slice(0, 80)}` };
  const headers = readHeaders(lines);
  if (typeof headers === 'string') return { broken: headers };
  const head = { status: Number(status), headers };
  const bodyAt = headEnd + HEAD_END.length;
  const isBodiless = head.status < 200 || NO_BODY.has(head.status) || (isHead && isNextAnswer(bytes, bodyAt));
  if (isBodiless) return { answer: { ...head, body: '' }, end: bodyAt };
  const read = headers.get('transfer-encoding') === undefined ? readCounted(bytes, bodyAt, headers.get('content-length')) : readChunks(bytes, bodyAt);
  return read === undefined || 'broken' in read ? read : { answer: { ...head, body: read.body }, end: read.end };
}

/** What was so broken that nobody knows its method may be answered with a body although it said HEAD. */
function isNextAnswer(bytes: Buffer, at: number): boolean {
  return beginsWell(bytes, at);
}

function beginsWell(bytes: Buffer, start: number): boolean {
  const beginning = bytes.toString('latin1', start, start + 9);
  return 'HTTP/1.1 '.startsWith(beginning);
}

function readHeaders(lines: readonly string[]): ReadonlyMap<string, string> | string {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const { name, value } = HEADER.exec(line)?.groups ?? {};
    if (name === undefined || value === undefined) return `not a header: ${line.slice(0, 80)}`;
    const earlier = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), earlier === undefined ? value : `${earlier}, ${value}`);
  }
  if (headers.has('content-length') && headers.has('transfer-encoding')) return 'a length beside chunks';
  return headers;
}

function readCounted(bytes: Buffer, start: number, length: string | undefined): Read<{ readonly body: string }> {
  if (length === undefined || !/^\d{1,10}$/u.test(length)) return { broken: `an answer without a length: ${String(length)}` };
  const end = start + Number(length);
  return end > bytes.length ? undefined : { body: bytes.toString('utf8', start, end), end };
}

function readChunks(bytes: Buffer, start: number): Read<{ readonly body: string }> {
  const parts: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = bytes.toString('latin1', at, lineEnd);
    if (!/^[0-9a-f]{1,8}$/iu.test(size)) return { broken: `not the size of a chunk: ${size.slice(0, 20)}` };
    const dataEnd = lineEnd + 2 + Number.parseInt(size, 16);
    if (dataEnd + 2 > bytes.length) return undefined;
    if (bytes.toString('latin1', dataEnd, dataEnd + 2) !== '\r\n') return { broken: 'a chunk longer than it says' };
    parts.push(bytes.subarray(lineEnd + 2, dataEnd));
    at = dataEnd + 2;
    if (dataEnd === lineEnd + 2) return { body: Buffer.concat(parts).toString('utf8'), end: at };
  }
}

function shown(bytes: Buffer, start: number): string {
  return JSON.stringify(bytes.toString('latin1', start, start + 60));
}
