// Bounds: the buckets that several histograms share, in seconds. Each doubles or so, for estimates within a factor of two.

/** What takes as long as somebody holds a lock or a task runs. */
export const WAIT_SECONDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** What takes as long as a commit. */
export const SHORT_SECONDS: readonly number[] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
