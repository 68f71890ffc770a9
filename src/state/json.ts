// Json: any value that JSON can say. Owns nothing else.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
