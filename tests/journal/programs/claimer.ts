// Claims the directory given and keeps it until it is killed; when it cannot, says why and ends.

import { claimDirectory } from '../../../src/journal/directory.ts';

try {
  claimDirectory(process.argv[2] ?? '');
  console.log('claimed');
  process.stdin.resume();
} catch (error) {
  console.log(error instanceof Error ? `${error.name}: ${error.message}` : '');
}
