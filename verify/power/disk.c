// Disk: stands between a process and its files, records what the files are told, and fails where it is asked to.
//
// Loaded with LD_PRELOAD. Owns the interception only; what a power cut leaves is worked out from the recording
// (files.ts), and which calls fail is decided by whoever starts the process (../io/faults.ts).
//   D1. A write stands in the recording before a later one begins: calls that change files run one at a time.
//   D2. A flush covers what stood in the recording when it began, and stands there when it has ended.
//   D3. What goes to a socket stands there before the socket gets it, so every answer has its place between the writes.
//   D4. A process that kills itself does so between two changes: none stands in the recording that was never made, for
//       whoever goes on with the files would not find it there.
//
// DISK_ROOT       files at or below this path are watched
// DISK_RECORDING  where the recording goes; none without it
// DISK_MARKS      what is written to this file is a mark of the recording
// DISK_TRACE      a line for each watched call goes here: its number, monotonic nanoseconds, call, path; `*` where it failed
// DISK_FAULT      call, path from the root, which of those calls (1 is the first, 0 each), and what then:
//                 `fdatasync:/data/journal/data.mdb:3:EIO`, and so ENOSPC, EDQUOT, SHORT (half is written), DELAY=milliseconds
// DISK_ARM        the count of DISK_FAULT begins when this file is there; at the start without it

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE = 1, FLUSH, FLUSH_WRITE, TRUNCATE, CREATE, MAKE_DIRECTORY, RENAME, REMOVE, MARK, ANSWER };

/// `at`: where a write begins; the new length; what a flush covers; the far address of a socket.
struct head { uint32_t kind, path_bytes; uint64_t at, data_bytes; };

static char root[PATH_MAX], marks[PATH_MAX];
static size_t root_length;
static int recording = -1, trace = -1;
static uint64_t recorded, calls;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static struct { char call[32], path[128], what[32]; long which, seen; const char *arm; } fault;

static int high_descriptor(const char *path) {
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int high = fcntl(fd, F_DUPFD_CLOEXEC, 900);
  syscall(SYS_close, fd);
  return high;
}

static void parse_fault(const char *text) {
  if (text == NULL) return;
  if (sscanf(text, "%31[^:]:%127[^:]:%ld:%31s", fault.call, fault.path, &fault.which, fault.what) != 4) abort();
  fault.arm = getenv("DISK_ARM");
}

__attribute__((constructor)) static void begin(void) {
  const char *watched = getenv("DISK_ROOT");
  if (watched == NULL || realpath(watched, root) == NULL) return;
  root_length = strlen(root);
  const char *said = getenv("DISK_MARKS");
  if (said != NULL) snprintf(marks, sizeof marks, "%s", said);
  if (getenv("DISK_TRACE") != NULL) trace = high_descriptor(getenv("DISK_TRACE"));
  if (getenv("DISK_RECORDING") != NULL) {
    recording = high_descriptor(getenv("DISK_RECORDING"));
    recorded = syscall(SYS_lseek, recording, 0, SEEK_END);
  }
  parse_fault(getenv("DISK_FAULT"));
}

// --- which files are watched

static int below_root(const char *path) {
  return root_length > 0 && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
  path[length > 0 ? length : 0] = 0;
  return below_root(path);
}

/// From the root, which itself is `/`; empty for what is not watched.
static const char *name_of(const char *path) {
  if (!below_root(path)) return "";
  return path[root_length] == 0 ? "/" : path + root_length;
}

static int is_absolute_watched(const char *path) { return path != NULL && below_root(path); }

/// The far IPv4 address as a number; 0 for what is no connection.
static uint32_t far_of(int fd) {
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;
  if (getpeername(fd, (struct sockaddr *)&peer, &length) != 0 || peer.sin_family != AF_INET) return 0;
  return ntohl(peer.sin_addr.s_addr);
}

// --- the recording

static void put(const void *data, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    ssize_t wrote = syscall(SYS_write, recording, (const char *)data + done, bytes - done);
    if (wrote <= 0) abort();
    done += wrote;
  }
  recorded += bytes;
}

static void note(enum kind kind, const char *path, uint64_t at, const struct iovec *parts, int count) {
  if (recording < 0) return;
  struct head head = { kind, strlen(path), at, 0 };
  for (int i = 0; i < count; i++) head.data_bytes += parts[i].iov_len;
  put(&head, sizeof head);
  put(path, head.path_bytes);
  for (int i = 0; i < count; i++) put(parts[i].iov_base, parts[i].iov_len);
}

static void note_text(enum kind kind, const char *path, const char *text) {
  struct iovec part = { (void *)text, text == NULL ? 0 : strlen(text) };
  note(kind, path, 0, &part, 1);
}

// --- the faults

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void trace_call(const char *call, const char *path, const char *sign) {
  char line[PATH_MAX + 128];
  int bytes = snprintf(line, sizeof line, "%llu %llu %s %s%s\n", (unsigned long long)calls, (unsigned long long)nanoseconds(), call, name_of(path), sign);
  if (trace >= 0) syscall(SYS_write, trace, line, bytes);
}

static int is_armed(void) { return fault.arm == NULL || syscall(SYS_faccessat, AT_FDCWD, fault.arm, F_OK) == 0; }

/// What is to become of this call: an error number, 0 for nothing, -1 for half of it. Waits where a delay was asked for.
static int verdict(const char *call, const char *path) {
  __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
  int is_meant = strcmp(fault.call, call) == 0 && strcmp(name_of(path), fault.path) == 0 && is_armed();
  long seen = is_meant ? __atomic_add_fetch(&fault.seen, 1, __ATOMIC_SEQ_CST) : 0;
  if (!is_meant || (fault.which != 0 && fault.which != seen)) return trace_call(call, path, ""), 0;
  trace_call(call, path, " *");
  if (strncmp(fault.what, "DELAY=", 6) == 0) {
    long ms = atol(fault.what + 6);
    struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&pause, NULL);
    return trace_call(call, path, " ended"), 0;
  }
  if (strcmp(fault.what, "SHORT") == 0) return -1;
  return strcmp(fault.what, "ENOSPC") == 0 ? ENOSPC : strcmp(fault.what, "EDQUOT") == 0 ? EDQUOT : EIO;
}

#define REAL(name) ({ static __typeof__(&name) real; if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); real; })
#define FAIL(error) do { errno = error; return -1; } while (0)

// --- writes

/// `offset` below 0: at the descriptor's own place.
static ssize_t transfer(int fd, const struct iovec *parts, int count, off_t offset) {
  return offset < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, offset, 0);
}

static ssize_t write_watched(const char *call, const char *path, int fd, const struct iovec *parts, int count, off_t offset) {
  int failing = verdict(call, path);
  if (failing > 0) FAIL(failing);
  struct iovec half = { parts[0].iov_base, parts[0].iov_len / 2 };
  if (failing < 0) { parts = &half; count = 1; }
  pthread_mutex_lock(&order);
  uint64_t start = recorded;
  off_t place = offset < 0 ? syscall(SYS_lseek, fd, 0, SEEK_CUR) : offset;
  if (offset < 0 && (fcntl(fd, F_GETFL) & O_APPEND)) { struct stat now; fstat(fd, &now); place = now.st_size; }
  note(WRITE, path, place, parts, count);
  ssize_t wrote = transfer(fd, parts, count, offset);
  int error = errno;
  if (wrote > 0 && (fcntl(fd, F_GETFL) & (O_DSYNC | O_SYNC))) note(FLUSH_WRITE, path, start, NULL, 0);
  pthread_mutex_unlock(&order);
  errno = error;
  return wrote;
}

static ssize_t write_any(const char *call, int fd, const struct iovec *parts, int count, off_t offset) {
  char path[PATH_MAX];
  if (path_of(fd, path)) return write_watched(call, path, fd, parts, count, offset);
  uint32_t far = recording < 0 || strncmp(path, "socket:", 7) != 0 ? 0 : far_of(fd);
  int is_mark = marks[0] != 0 && strcmp(path, marks) == 0;
  if (far != 0 || is_mark) {
    pthread_mutex_lock(&order);
    note(is_mark ? MARK : ANSWER, "", far, parts, count);
    if (is_mark) trace_call("mark", path, "");
    pthread_mutex_unlock(&order);
  }
  return transfer(fd, parts, count, offset);
}

ssize_t write(int fd, const void *data, size_t bytes) {
  struct iovec part = { (void *)data, bytes };
  return write_any("write", fd, &part, 1, -1);
}
ssize_t writev(int fd, const struct iovec *parts, int count) { return write_any("writev", fd, parts, count, -1); }

static ssize_t write_at(const char *call, int fd, const void *data, size_t bytes, off_t offset) {
  struct iovec part = { (void *)data, bytes };
  // A flushing descriptor is a place of its own: LMDB writes its meta page through one.
  return write_any(fcntl(fd, F_GETFL) & O_DSYNC ? "pwrite+flush" : call, fd, &part, 1, offset);
}
ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) { return write_at("pwrite", fd, data, bytes, offset); }
ssize_t pwrite64(int fd, const void *data, size_t bytes, off_t offset) { return write_at("pwrite", fd, data, bytes, offset); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return write_any("pwritev", fd, parts, count, offset); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) { return write_any("pwritev", fd, parts, count, offset); }

// --- reads

static ssize_t read_at(int fd, void *data, size_t bytes, off_t offset) {
  char path[PATH_MAX];
  int failing = path_of(fd, path) ? verdict("pread", path) : 0;
  if (failing > 0) FAIL(failing);
  return syscall(SYS_pread64, fd, data, failing < 0 ? bytes / 2 : bytes, offset);
}
ssize_t pread(int fd, void *data, size_t bytes, off_t offset) { return read_at(fd, data, bytes, offset); }
ssize_t pread64(int fd, void *data, size_t bytes, off_t offset) { return read_at(fd, data, bytes, offset); }

// --- flushes

static int flush(const char *call, int fd, int (*real)(int)) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return real(fd);
  int failing = verdict(call, path);
  if (failing != 0) FAIL(failing < 0 ? EIO : failing);
  pthread_mutex_lock(&order);
  uint64_t covers = recorded;
  pthread_mutex_unlock(&order);
  int result = real(fd), error = errno;
  pthread_mutex_lock(&order);
  if (result == 0) note(FLUSH, path, covers, NULL, 0);
  pthread_mutex_unlock(&order);
  errno = error;
  return result;
}
int fsync(int fd) { return flush("fsync", fd, REAL(fsync)); }
int fdatasync(int fd) { return flush("fdatasync", fd, REAL(fdatasync)); }

/// A file that is written through memory cannot be recorded: a journal that begins to do so must not pass unseen.
int msync(void *start, size_t bytes, int flags) {
  if (root_length > 0) abort();
  return syscall(SYS_msync, start, bytes, flags);
}

static int truncate_any(int fd, off_t length) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(SYS_ftruncate, fd, length);
  int failing = verdict("ftruncate", path);
  if (failing != 0) FAIL(failing < 0 ? EIO : failing);
  pthread_mutex_lock(&order);
  note(TRUNCATE, path, length, NULL, 0);
  int result = syscall(SYS_ftruncate, fd, length), error = errno;
  pthread_mutex_unlock(&order);
  errno = error;
  return result;
}
int ftruncate(int fd, off_t length) { return truncate_any(fd, length); }
int ftruncate64(int fd, off_t length) { return truncate_any(fd, length); }

// --- names

static int open_any(const char *path, int flags, mode_t mode) {
  if (!is_absolute_watched(path)) return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  int failing = verdict(flags & O_DSYNC ? "open+flush" : "open", path);
  if (failing != 0) FAIL(failing < 0 ? EIO : failing);
  pthread_mutex_lock(&order);
  int is_new = (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
  if (is_new) note(CREATE, path, 0, NULL, 0);
  int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode), error = errno;
  if (fd >= 0 && !is_new && (flags & O_TRUNC)) note(TRUNCATE, path, 0, NULL, 0);
  pthread_mutex_unlock(&order);
  errno = error;
  return fd;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return open_any(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

/// One change of names, noted before it is made; `to` for a rename.
static int rename_any(const char *call, enum kind kind, const char *path, const char *to, int (*make)(const char *, const char *, int), int flags) {
  if (!is_absolute_watched(path)) return make(path, to, flags);
  int failing = verdict(call, path);
  if (failing != 0) FAIL(failing < 0 ? EIO : failing);
  pthread_mutex_lock(&order);
  struct stat there;
  int exists = fstatat(AT_FDCWD, path, &there, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists == (kind != MAKE_DIRECTORY)) note_text(kind, path, to);
  int result = make(path, to, flags), error = errno;
  pthread_mutex_unlock(&order);
  errno = error;
  return result;
}

static int make_rename(const char *path, const char *to, int flags) { (void)flags; return syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, to, 0); }
static int make_removal(const char *path, const char *to, int flags) { (void)to; return syscall(SYS_unlinkat, AT_FDCWD, path, flags); }
static int make_directory(const char *path, const char *to, int mode) { (void)to; return syscall(SYS_mkdirat, AT_FDCWD, path, mode); }

int rename(const char *path, const char *to) { return rename_any("rename", RENAME, path, to, make_rename, 0); }
int unlink(const char *path) { return rename_any("unlink", REMOVE, path, NULL, make_removal, 0); }
int rmdir(const char *path) { return rename_any("rmdir", REMOVE, path, NULL, make_removal, AT_REMOVEDIR); }
int mkdir(const char *path, mode_t mode) { return rename_any("mkdir", MAKE_DIRECTORY, path, NULL, make_directory, mode); }

// --- the end

/// Holds whoever is about to change a file, and lets nobody begin. (D4)
int kill(pid_t process, int signal) {
  if (process != getpid()) return syscall(SYS_kill, process, signal);
  pthread_mutex_lock(&order);
  int result = syscall(SYS_kill, process, signal), error = errno;
  pthread_mutex_unlock(&order);
  errno = error;
  return result;
}
