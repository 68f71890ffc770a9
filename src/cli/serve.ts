// Serve: the service in the foreground, configured by the environment, as `npm start` runs it.

/** The service owns the process from here on: its signals, its log and its exit code. */
export async function serve(): Promise<void> {
  await import('../signals.ts');
  await import('../main.ts');
}
