/* A disk that fails when it is told to, laid under a program by LD_PRELOAD.
 *
 * It stands between the program and the kernel for files below one folder. It writes down what was synced, so that after a kill the
 * files can be cut back to what a loss of power would have left; and it makes one kind of fault when the control page asks for it.
 * The kernel is called directly, so nothing of libc has to be looked up, and nothing here allocates. A program that asks for the room of
 * a file system may call the kernel directly as well: that one call is caught in the kernel, by seccomp, and answered here.
 *
 *   LICET_FAULT_UNDER   the folder, absolute and without links in it
 *   LICET_FAULT_FOLDER  where `control` and `journal` are
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { NOTHING = 0, SYNC_FAILS = 1, SYNC_HANGS = 2, WRITE_FAILS = 3, FULL = 4, SHORT_WRITES = 5, SAYS_FULL = 6, FORGETS = 7 };

/* Shared with the campaign, which writes the first three and reads the rest. */
struct control {
    int64_t kind;
    int64_t left;  /* operations, or bytes for FULL, that still go well; MiB that SAYS_FULL tells of */
    int64_t many;  /* how many writes are cut short */
    int64_t hits;  /* operations that went wrong by this */
    int64_t syncs; /* that were asked for */
};

#define FILES_MAX 65536
#define LINE_MAX_BYTES (PATH_MAX * 2 + 64)

static struct control nowhere;
static struct control *control = &nowhere;
static int journal = -1;
static char under[PATH_MAX];
static size_t under_length;
/* Whether a file descriptor is one of ours. */
static unsigned char ours[FILES_MAX];

static void catch_questions_for_room(void);

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("LICET_FAULT_FOLDER"), *wanted = getenv("LICET_FAULT_UNDER");
    if (!folder || !wanted || strlen(wanted) >= sizeof under)
        return;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/control", folder);
    int page = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (page < 0)
        return;
    void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    syscall(SYS_close, page);
    if (mapped == MAP_FAILED)
        return;
    snprintf(path, sizeof path, "%s/journal", folder);
    journal = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    control = mapped;
    strcpy(under, wanted);
    under_length = strlen(under);
    catch_questions_for_room();
}

static int is_ours(int fd) {
    return fd >= 0 && fd < FILES_MAX && __atomic_load_n(&ours[fd], __ATOMIC_RELAXED);
}

static int is_below(const char *path) {
    return under_length && strncmp(path, under, under_length) == 0 && (path[under_length] == '/' || !path[under_length]);
}

/* Whether it is what RocksDB tells people: a failure there changes nothing, and is no fault of the disk that counts. */
static int is_told(const char *path) {
    const char *name = strrchr(path, '/');
    return name && strncmp(name, "/LOG", 4) == 0;
}

/* The path of an open file; whether it has one. */
static int name_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return 1;
}

/* One line: lines of several threads do not mix, as the file is appended to. */
static void note(char what, long long size, const char *path, const char *other) {
    char line[LINE_MAX_BYTES];
    int length = snprintf(line, sizeof line, "%c\t%lld\t%s\t%s\n", what, size, path, other);
    int before = errno;
    if (length > 0 && (size_t)length < sizeof line)
        syscall(SYS_write, journal, line, (size_t)length);
    errno = before;
}

/* Whether an operation of this kind is the one that goes wrong. */
static int is_due(int64_t kind) {
    if (__atomic_load_n(&control->kind, __ATOMIC_ACQUIRE) != kind)
        return 0;
    if (__atomic_fetch_sub(&control->left, 1, __ATOMIC_ACQ_REL) > 0)
        return 0;
    __atomic_fetch_add(&control->hits, 1, __ATOMIC_ACQ_REL);
    return 1;
}

/* Makes sure that a fault that comes once does not come again. */
static void once(int64_t kind) {
    __atomic_compare_exchange_n(&control->kind, &kind, NOTHING, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* open */

static int opened(int at, const char *path, int flags, mode_t mode) {
    struct stat before;
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
    int was_there = writes && fstatat(at, path, &before, 0) == 0;
    int fd = (int)syscall(SYS_openat, at, path, flags | O_LARGEFILE, mode);
    if (fd < 0 || fd >= FILES_MAX || !under_length)
        return fd;
    int error = errno;
    char real[PATH_MAX];
    int is = name_of(fd, real) && is_below(real) && !is_told(real);
    __atomic_store_n(&ours[fd], (unsigned char)is, __ATOMIC_RELAXED);
    if (is && writes) {
        if (!was_there)
            note('N', 0, real, "");
        else if (flags & O_TRUNC)
            note('T', 0, real, "");
        else
            note('O', (long long)before.st_size, real, "");
    }
    errno = error;
    return fd;
}

#define MODE_OF(flags, mode)                                 \
    mode_t mode = 0;                                         \
    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) { \
        va_list rest;                                        \
        va_start(rest, flags);                               \
        mode = va_arg(rest, mode_t);                         \
        va_end(rest);                                        \
    }

int open(const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(at, path, flags, mode);
}

int close(int fd) {
    if (is_ours(fd))
        __atomic_store_n(&ours[fd], 0, __ATOMIC_RELAXED);
    return (int)syscall(SYS_close, fd);
}

/* write */

/* How many of so many bytes may be written; -1 with errno for none. */
static ssize_t admitted(size_t count) {
    if (is_due(WRITE_FAILS)) {
        once(WRITE_FAILS);
        errno = EIO;
        return -1;
    }
    if (__atomic_load_n(&control->kind, __ATOMIC_ACQUIRE) == FULL) {
        int64_t left = __atomic_fetch_sub(&control->left, (int64_t)count, __ATOMIC_ACQ_REL);
        if (left >= (int64_t)count)
            return (ssize_t)count;
        __atomic_fetch_add(&control->hits, 1, __ATOMIC_ACQ_REL);
        /* What there is room for is written first, as file systems do. */
        if (left > 0)
            return (ssize_t)left;
        errno = ENOSPC;
        return -1;
    }
    if (count > 1 && is_due(SHORT_WRITES)) {
        if (__atomic_sub_fetch(&control->many, 1, __ATOMIC_ACQ_REL) <= 0)
            once(SHORT_WRITES);
        return (ssize_t)(count / 2);
    }
    return (ssize_t)count;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (is_ours(fd)) {
        ssize_t may = admitted(count);
        if (may < 0)
            return -1;
        count = (size_t)may;
    }
    return syscall(SYS_write, fd, bytes, count);
}

static ssize_t written_at(int fd, const void *bytes, size_t count, off64_t at) {
    if (is_ours(fd)) {
        ssize_t may = admitted(count);
        if (may < 0)
            return -1;
        count = (size_t)may;
    }
    return syscall(SYS_pwrite64, fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    return written_at(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    return written_at(fd, bytes, count, at);
}

int fallocate(int fd, int mode, off_t from, off_t length) {
    if (is_ours(fd) && __atomic_load_n(&control->kind, __ATOMIC_ACQUIRE) == FULL
        && __atomic_load_n(&control->left, __ATOMIC_ACQUIRE) < (int64_t)length) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, from, length);
}

static int cut_to(int fd, off64_t length) {
    char path[PATH_MAX];
    int done = (int)syscall(SYS_ftruncate, fd, length);
    if (done == 0 && is_ours(fd) && name_of(fd, path))
        note('T', (long long)length, path, "");
    return done;
}

int ftruncate(int fd, off_t length) {
    return cut_to(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    return cut_to(fd, length);
}

/* room */

#if defined(__x86_64__)

/* In a place where the kernel looks for nothing: this call is ours, and goes through. */
#define OURS 0x6c696365

static void asked_for_room(int number, siginfo_t *info, void *context) {
    (void)number, (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const char *path = (const char *)registers[REG_RDI];
    struct statfs *room = (struct statfs *)registers[REG_RSI];
    int before = errno;
    long done = syscall(SYS_statfs, path, room, OURS);
    if (done != 0) {
        done = -errno;
    } else if (is_below(path) && __atomic_load_n(&control->kind, __ATOMIC_ACQUIRE) == SAYS_FULL) {
        uint64_t unit = (uint64_t)(room->f_frsize ? room->f_frsize : room->f_bsize);
        room->f_bavail = room->f_bfree = ((uint64_t)__atomic_load_n(&control->left, __ATOMIC_ACQUIRE) << 20) / unit;
        __atomic_fetch_add(&control->hits, 1, __ATOMIC_ACQ_REL);
    }
    errno = before;
    registers[REG_RAX] = done;
}

static void catch_questions_for_room(void) {
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = asked_for_room;
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statfs, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OURS, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof steps / sizeof *steps, steps};
    if (sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

#else

/* Elsewhere the program is told the truth, and a campaign that waits for this fault says that it did not come. */
static void catch_questions_for_room(void) {}

#endif

/* sync */

static int synced(int fd, long call) {
    char path[PATH_MAX];
    struct stat before;
    if (!is_ours(fd) || !name_of(fd, path) || fstat(fd, &before) != 0)
        return (int)syscall(call, fd);
    __atomic_fetch_add(&control->syncs, 1, __ATOMIC_ACQ_REL);
    /* What is written while it syncs may be left out: the length from before is what it vouches for. */
    long long length = (long long)before.st_size;
    if (S_ISDIR(before.st_mode)) {
        int done = (int)syscall(call, fd);
        if (done == 0)
            note('D', 0, path, "");
        return done;
    }
    /* A disk that says yes and does nothing: against what it is for, to see that a campaign finds it. */
    if (__atomic_load_n(&control->kind, __ATOMIC_ACQUIRE) == FORGETS) {
        __atomic_fetch_add(&control->hits, 1, __ATOMIC_ACQ_REL);
        return (int)syscall(call, fd);
    }
    if (is_due(SYNC_FAILS)) {
        once(SYNC_FAILS);
        note('F', length, path, "");
        errno = EIO;
        return -1;
    }
    if (is_due(SYNC_HANGS)) {
        struct timespec moment = {0, 1000000};
        while (__atomic_load_n(&control->kind, __ATOMIC_ACQUIRE) == SYNC_HANGS)
            nanosleep(&moment, NULL);
    }
    int done = (int)syscall(call, fd);
    note(done == 0 ? 'S' : 'F', length, path, "");
    return done;
}

int fsync(int fd) {
    return synced(fd, SYS_fsync);
}

int fdatasync(int fd) {
    return synced(fd, SYS_fdatasync);
}

/* names */

int rename(const char *from, const char *to) {
    int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (done == 0 && (is_below(from) || is_below(to)))
        note('R', 0, from, to);
    return done;
}

int unlink(const char *path) {
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0 && is_below(path))
        note('U', 0, path, "");
    return done;
}
