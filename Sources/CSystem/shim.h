#pragma once

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

// GNU's, which the headers hide from Swift's view of the C library.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int pipe2(int ends[2], int flags);

/// Starts `/bin/sh -c line` as the leader of a process group of its own, with `output` as its standard output.
///
/// It inherits the environment and nothing else: no other file, no blocked or ignored signal. The answer is an errno.
static inline int csystem_spawn_shell(const char *line, int output, pid_t *child) {
    extern char **environ;
    char *const arguments[] = {(char *)"/bin/sh", (char *)"-c", (char *)line, NULL};
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) return code;
    posix_spawnattr_t attributes;
    code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, output, 1);
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addclosefrom_np(&actions, 3);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        code = posix_spawn(child, "/bin/sh", &actions, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/// Names the calling thread, at most 15 characters.
static inline void csystem_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

/// Bounds the arenas of malloc, of which it makes one for each thread otherwise.
static inline void csystem_limit_arenas(int count) {
    mallopt(M_ARENA_MAX, count);
}

/// Gives free memory back to the kernel where malloc holds at least `threshold` bytes of it.
static inline void csystem_release_free_memory(size_t threshold) {
    if (mallinfo2().fordblks >= threshold) malloc_trim(0);
}

// struct dl_phdr_info is hidden like the functions above; these are its first members.
struct csystem_object {
    uintptr_t address;
    const char *name;
    const ElfW(Phdr) * headers;
    uint16_t count;
};

extern int dl_iterate_phdr(int (*callback)(struct csystem_object *, size_t, void *), void *context);

static inline int csystem_release_object(struct csystem_object *object, size_t size, void *context) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (uint16_t index = 0; index < object->count; index++) {
        const ElfW(Phdr) *header = &object->headers[index];
        // Code is never changed in memory, so that the kernel reads a page again when it is used again.
        if (header->p_type != PT_LOAD || (header->p_flags & (PF_X | PF_W)) != PF_X) continue;
        uintptr_t begin = (object->address + header->p_vaddr) & ~(page - 1);
        uintptr_t end = (object->address + header->p_vaddr + header->p_filesz) & ~(page - 1);
        if (end > begin) madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

/// Unmaps the pages of code; what runs on maps its own again.
static inline void csystem_release_code(void) {
    dl_iterate_phdr(csystem_release_object, NULL);
}
