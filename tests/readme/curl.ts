// Curl: stands in for curl on a machine that does not have it, so that a page's commands can be run there too.
//
// Knows the options that the page uses, and refuses any other.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: 'boolean', short: 's' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
    data: { type: 'string', short: 'd' },
    request: { type: 'string', short: 'X' },
    output: { type: 'string', short: 'o' },
    'write-out': { type: 'string', short: 'w', default: '' },
  },
});

const [url, ...others] = positionals;
if (url === undefined || others.length > 0) throw new Error('one URL is needed');

const headers = values.header.map((header): [string, string] => {
  const [name = '', ...rest] = header.split(':');
  return [name, rest.join(':').trim()];
});
const response = await fetch(url, {
  method: values.request ?? (values.data === undefined ? 'GET' : 'POST'),
  headers,
  ...(values.data !== undefined && { body: values.data }),
});
const body = await response.text();
if (values.output === undefined) process.stdout.write(body);
else writeFileSync(values.output, body);
process.stdout.write(values['write-out'].replaceAll('%{http_code}', String(response.status)).replaceAll(String.raw`\n`, '\n'));
