#!/usr/bin/env node
// The command `holdfast`.

import { load } from './load.js';

await load('cli/main');
