// Spectral's rules: every one that it has for OpenAPI, as an error. What is off says why.

import type { RulesetDefinition } from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';

export const RULES: RulesetDefinition = {
  extends: [[{ ...rulesets.oas, extends: [] }, 'all']],
  rules: {
    // There is nobody to name: the project's own page is the contact.
    'info-contact': 'off',
    // The order of the tags is the order in which a reader needs them.
    'openapi-tags-alphabetical': 'off',
  },
};
