// What Piscina's threads run: one no-op, or as many as a chunk has.

export function nothing(): null {
  return null;
}

export function nothings(items: readonly null[]): readonly null[] {
  return items.map(() => nothing());
}

export default nothing;
