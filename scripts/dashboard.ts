// Writes deploy/grafana/holdfast.json from the code beside it: `npm run dashboard`.

import { writeFileSync } from 'node:fs';
import { buildDashboard } from '../deploy/grafana/dashboard.ts';

writeFileSync(new URL('../deploy/grafana/holdfast.json', import.meta.url), `${JSON.stringify(buildDashboard(), undefined, 2)}\n`);
