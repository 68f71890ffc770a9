// Exit codes: how the command line ends when a command of its own is not what ends it.
//
// Those below 128 keep out of the way of what commands usually end with; the first four are named by sysexits(3).

export const EXIT = {
  done: 0,
  /** The service refused, or what was asked for has failed. */
  failed: 1,
  /** The command line itself is wrong, and nothing was done. */
  usage: 64,
  /** The service could not be reached, and nothing ran. */
  unreachable: 69,
  /** Others hold the lock, or the line for it is full. */
  notAcquired: 75,
  /** The lease ended or could not be renewed, and what ran under it was ended. */
  lost: 76,
  /** The service does not know the token, or refuses where the request comes from. */
  denied: 77,
  /** As in a shell: the command is there and cannot be run. */
  notRunnable: 126,
  /** As in a shell: there is no such command. */
  notFound: 127,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** As in a shell: the end by a signal. */
export function codeOfSignal(number: number): number {
  return 128 + number;
}
