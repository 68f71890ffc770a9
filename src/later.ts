// Later: what is made when it is first asked for, and once.
//
//   L1. What could not be made is not remembered: the next who asks tries again.

export function later<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
