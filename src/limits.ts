// Limits: every bound of the service, with its unit and its reason. Names end in their unit or in `Max`.

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// Locks
export const LOCK_NAME_CHARS_MAX = 256;
export const TTL_MS_MIN = 100;
export const TTL_MS_MAX = 24 * HOUR;
export const TTL_MS_DEFAULT = 30 * SECOND;
/** A wait on a connection ends before the 5 minutes after which common proxies give up. */
export const WAIT_MS_MAX = 240 * SECOND;
export const TICKET_WAIT_MS_MAX = 24 * HOUR;
export const WAITERS_PER_LOCK_MAX = 20_000;
/** Locks that one task holds or waits for. */
export const TASK_LEASES_MAX = 10_000;
export const OWNER_CHARS_MAX = 256;
export const DESCRIPTION_CHARS_MAX = 1_024;
export const REASON_CHARS_MAX = 256;
export const METADATA_BYTES_MAX = 4 * KIB;
export const LABELS_MAX = 16;
export const LABEL_CHARS_MAX = 128;
export const DECLARED_LOCKS_MAX = 2_000_000;
export const LIVE_LEASES_MAX = 1_000_000;
export const IDEMPOTENCY_KEY_CHARS_MAX = 255;

// Time
/** Of a gap between two turns of the loop, this much counts as time that the service ran. */
export const STALL_MS = 250;
/** The loop turns at least this often, so that idling is no stall. */
export const TURN_MS = 100;
/** What a lease has left after a start, at least (or its `ttlMs`, where that is shorter). */
export const START_GRACE_MS = 10 * SECOND;
/** How long a place or a grant with an `Idempotency-Key` outlives its last connection. */
export const REATTACH_MS = 5 * SECOND;
/** A ticket that no request has read for this long is abandoned. */
export const TICKET_READ_MS = 30 * SECOND;
/** A grant to a ticket that no answer has carried for this long (or its `ttlMs`) is abandoned. */
export const TICKET_CLAIM_MS = 10 * SECOND;
/** `now` is committed at least this often while a client's lease lives. */
export const CLOCK_COMMIT_LEASE_MS = SECOND;
/** `now` is committed at least this often while any other deadline stands. */
export const CLOCK_COMMIT_IDLE_MS = MINUTE;
export const FENCING_BLOCK = 100_000;

// Keeping what has ended
export const ENDED_LEASE_KEEP_MS = 10 * MINUTE;
export const ENDED_LEASES_MAX = 100_000;
export const KEY_KEEP_MS = 24 * HOUR;
export const ENDED_KEYS_MAX = 100_000;
export const ENDED_BATCH_KEEP_MS = 24 * HOUR;
export const ENDED_BATCHES_MAX = 10_000;
export const ENDED_BATCH_BYTES_MAX = GIB;

// Batches
export const ITEMS_MAX = 100_000;
export const QUEUED_CHUNKS_MAX = 100_000;
export const QUEUED_BYTES_MAX = GIB;
/** Results of this many items share a row, so that a result costs a small write however long the batch. */
export const OUTCOMES_PER_ROW = 64;
export const TIMEOUT_MS_MIN = 1;
export const TIMEOUT_MS_DEFAULT = 600 * SECOND;
export const TIMEOUT_MS_MAX = 24 * HOUR;
export const GLOBALS_MAX = 100;
export const GLOBAL_NAME_CHARS_MAX = 128;
export const VALUE_BYTES_MAX = MIB;
/** What one item prints is kept up to here; what comes after is cut and the cut is said. */
export const LOGS_BYTES_MAX = 64 * KIB;
export const ERROR_NAME_CHARS_MAX = 128;
export const ERROR_MESSAGE_CHARS_MAX = 4 * KIB;
export const ERROR_STACK_CHARS_MAX = 8 * KIB;
export const ERROR_CODE_CHARS_MAX = 128;
/** JSON that is nested deeper is refused: every walk over it is bounded. */
export const JSON_DEPTH_MAX = 64;
/** An answer carries a batch's results up to this many items and bytes; beyond it they are read in pages. */
export const INLINE_RESULTS_MAX = 1_000;
export const INLINE_RESULTS_BYTES_MAX = 4 * MIB;
export const RESULTS_PAGE_BYTES_MAX = 4 * MIB;

// Workers
export const WORKERS_MAX = 256;
/** Of what a thread has said and nobody has read yet, this much finds room in the memory that it shares. A power of two. */
export const MAILBOX_BYTES = 128 * KIB;
/** How often the main thread looks for results of a thread that is talking: so much later they may be heard. */
export const MAILBOX_LOOK_MS = 2;
/** How long a thread that was granted a lock is looked at in every turn of the loop. */
export const GRANT_LOOK_MS = 0.2;
/** A thread makes so many calls, for so long at the most, without letting timers and sockets have their turn. */
export const CALLS_PER_TURN = 32;
export const CALLS_PER_TURN_MS = 2;
/** Chunks whose attempts are written down before a thread is free for them, for each worker. A commit takes as long as some
 *  ten quick chunks; after a crash the attempt of each counts as made. */
export const CLAIMS_PER_WORKER_MAX = 16;
/** A chunk that takes longer, the commit before it included, may as well wait for its commit. */
export const QUICK_CHUNK_MS = 50;
/** So many chunks a thread is told ahead, to go on with by itself: as many as may be claimed for it. */
export const HAND_MAX = CLAIMS_PER_WORKER_MAX;
/** A chunk with more than this is not told ahead: sixteen of them, with what is said of each, fit into the mailbox. */
export const HAND_CHUNK_BYTES_MAX = 7 * KIB;
/** Room for what is in a hand and for as much that was taken out of it. */
export const HAND_PLACES = 2 * HAND_MAX;
/** What is told ahead is numbered anew after so many. */
export const HAND_NUMBERS = 2 ** 30;
/** How long a thread that waits for an order or for a lock does nothing else before its loop goes on: to be woken there
 *  takes longer than most tasks. */
export const THREAD_WAIT_MS = 2;
/** A thread that has not ended this long after it was told to is given up. */
export const STUCK_MS = 5 * SECOND;
/** How long a cancelled task may take to end by itself. */
export const CANCEL_GRACE_MS = SECOND;
/** Back-off before a thread is started again after threads were lost one after another. */
export const RESTART_BACKOFF_MS_MIN = 100;
export const RESTART_BACKOFF_MS_MAX = 10 * SECOND;
/** A chunk that ended with the process this often is run item by item, each alone. */
export const PROCESS_LOSSES_MAX = 2;
export const FUNCTIONS_WAIT_MS = 5 * SECOND;
/** How long an orderly stop waits for its threads; what is left of the 5 s after the grace is for closing files. */
export const THREADS_END_MS = 3 * SECOND;

// Webhooks
export const CALLBACK_URL_CHARS_MAX = 2_048;
export const WEBHOOK_TIMEOUT_MS = 15 * SECOND;
export const WEBHOOK_RESPONSE_BYTES_MAX = 64 * KIB;
export const WEBHOOK_ATTEMPTS_MS = 24 * HOUR;
export const WEBHOOKS_IN_FLIGHT_MAX = 512;
/** One receiver gets this many at once, so that a slow one delays nobody else. */
export const WEBHOOKS_PER_RECEIVER_MAX = 32;
export const WEBHOOK_ERRORS_MAX = 20;

// HTTP
export const BODY_BYTES_MAX = 64 * KIB;
export const BATCH_BODY_BYTES_MAX = 32 * MIB;
export const PAGE_DEFAULT = 100;
export const PAGE_MAX = 1_000;
/** A page of a filtered list looks at no more names than this, and may be short. */
export const PAGE_SCAN_MAX = 10_000;
/** Answers that wait for a commit; beyond it requests get 503. */
export const UNANSWERED_MAX = 50_000;
export const RETRY_AFTER_S = 1;
export const SHUTDOWN_GRACE_MS = 10 * SECOND;
/** The grace ends early once nothing was held, run or asked for this long. */
export const SHUTDOWN_IDLE_MS = 2 * SECOND;
export const LABELLED_LOCKS_MAX = 1_000;
/** The text of so many values of one label is kept from one scrape to the next: twice what a metric shows at once. */
export const LABEL_TEXTS_MAX = 2 * LABELLED_LOCKS_MAX;

// Webhooks, what a receiver and an operator may ask for
/** A receiver's `Retry-After` postpones the next attempt by this much at the most. */
export const WEBHOOK_RETRY_AFTER_MS_MAX = HOUR;
/** Each secret adds a signature to every attempt; two are enough to change one without a gap. */
export const WEBHOOK_SECRETS_MAX = 8;

// Configuration
export const SHUTDOWN_GRACE_MS_MAX = 10 * MINUTE;
/** Shorter ones can be guessed by asking. */
export const TOKEN_CHARS_MIN = 16;
export const TOKEN_CHARS_MAX = 512;
/** A request is compared with every token, so that the time of an answer tells nothing. */
export const TOKENS_MAX = 256;

// Threads of the pool
/** What one thread may hold in JavaScript objects and buffers, garbage that V8 has not collected yet included (it may be
 *  three quarters of it); a thread above it is ended. Half of the system's memory counts where that is less. */
export const WORKER_MEMORY_BYTES_MAX = GIB;
/** V8's own limit. Far above ours, because V8 ends the whole process when one allocation jumps over its limit. */
export const WORKER_HEAP_MIB_MAX = 4_096;
/** How often the memory of threads is looked at. */
export const WORKER_MEMORY_WATCH_MS = 100;
/** A module of the functions folder that has not loaded by then (a top-level await that hangs) is reported as broken. */
export const MODULE_LOAD_MS_MAX = 30 * SECOND;
/** Lock calls of one thread that wait for an answer; beyond it they are refused in the thread. */
export const TASK_LOCK_CALLS_MAX = 1_000;
/** An error's chain of causes is followed this far. */
export const ERROR_CAUSES_MAX = 8;

// Journal
/** Payloads of dropped owners that one commit deletes; the rest go with the commits after it. */
export const PAYLOAD_DROPS_PER_COMMIT_MAX = 1_000;
/** Two starts at once sort out within this time which of them gets the data directory. */
export const CLAIM_WAIT_MS = 250;

// Connections
/** The request line and all headers. A lock's name takes at most 768 bytes of it, percent-encoded. */
export const HEAD_BYTES_MAX = 16 * KIB;
export const HEAD_TIMEOUT_MS = 15 * SECOND;
/** The largest body on a slow line. Says nothing about how long an answer may take. */
export const REQUEST_TIMEOUT_MS = 120 * SECOND;
/** Above the 60 s after which common proxies drop an idle connection, so that they are the ones who close. */
export const IDLE_CONNECTION_MS = 72 * SECOND;
/** A peer that answers no probe is gone after about `KEEP_ALIVE_PROBE_MS * (KEEP_ALIVE_PROBES + 1)`. */
export const KEEP_ALIVE_PROBE_MS = 5 * SECOND;
export const KEEP_ALIVE_PROBES = 3;
export const CURSOR_CHARS_MAX = 1_024;

// Telemetry
/** Functions with a name of their own in metrics; the others share an empty one. */
export const LABELLED_FUNCTIONS_MAX = 100;

// Batches, what a thread and a receiver may take
/** A thread that has not loaded the functions after this long is ended and started anew. */
export const WORKER_START_MS = MINUTE;
/** Receivers often bound what they read; a callback stays well below. */
export const CALLBACK_BODY_BYTES_MAX = 20_000;
/** Deliveries that have reached nobody yet; beyond it (or beyond `QUEUED_BYTES_MAX`, with what is queued) batches that may
 *  owe one more are refused. */
export const PENDING_DELIVERIES_MAX = 100_000;

// HTTP, what the parser of a body may have to build
/** Strings (the names of members among them), arrays and objects of one body. The parser builds as many in well under a
 *  second, in which nothing else happens; the bytes of the largest body would be enough for ten times as many. */
export const JSON_PARTS_MAX = 1_000_000;
/** Bytes of the bodies of batches and bulks that are being read at once, over all connections: beyond it they get 503. */
export const BODIES_BYTES_MAX = 256 * MIB;

// Connections, many at once
/** What the system keeps of them until the loop takes them, if its own bound allows as many: after a restart thousands of
 *  clients that waited come back at once, and what finds no place tries again only seconds later. */
export const CONNECTIONS_BACKLOG = 4_096;
/** How long a connection on which something waits may go unread for what was sent behind it: its close cannot be noticed. */
export const UNREAD_MS = SECOND;
/** How long the rest of what was refused half-way is dropped before its connection is closed, so that the answer arrives. */
export const LINGER_MS = SECOND;

// Bulk
/** Operations of one request. They are stepped in one go, in which nothing else happens: some 20 ms for so many on a small, busy machine. */
export const BULK_OPERATIONS_MAX = 1_000;
/** So many operations with all that each may have (less than 6 KiB), and room for escapes in their text. */
export const BULK_BODY_BYTES_MAX = 8 * MIB;
