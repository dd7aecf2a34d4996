/* Counts what a program holds of the C library's allocator, from outside of the program:
 *
 *   cc -O2 -shared -fPIC -o /tmp/malloc_count.so gc-lab/tests/malloc_count.c -ldl
 *   LD_PRELOAD=/tmp/malloc_count.so MALLOC_COUNT=/tmp/count.txt gc-lab exec FILE.js --front direct
 *
 * At its end the program writes the most bytes it held at once, by the library's own sizes of blocks with
 * their heads of eight bytes, and what it holds then. The lab's line "taken from allocator" must agree but
 * for what the lab itself holds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_llong live, peak;

/* dlsym allocates before the real functions are known: such blocks come from here and are never freed. */
static char early[1 << 16];
static size_t early_used;

static int is_early(void *block) { return (char *)block >= early && (char *)block < early + sizeof early; }

static void *early_block(size_t size) {
    void *block = early + early_used;
    early_used += (size + 15) / 16 * 16;
    return early_used <= sizeof early ? block : NULL;
}

/* A function's next definition, the library's own; NULL while it is being looked for. */
#define REAL(name)                                             \
    static __typeof__(&name) real;                             \
    static int asking;                                         \
    if (!real && !asking) {                                    \
        asking = 1;                                            \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);     \
        asking = 0;                                            \
    }

static void add(void *block) {
    if (!block || is_early(block)) return;
    long long now = atomic_fetch_add(&live, malloc_usable_size(block) + 8) + malloc_usable_size(block) + 8;
    long long most = atomic_load(&peak);
    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) {}
}

static void sub(void *block) {
    if (block && !is_early(block)) atomic_fetch_sub(&live, malloc_usable_size(block) + 8);
}

void *malloc(size_t size) {
    REAL(malloc)
    void *block = real ? real(size) : early_block(size);
    add(block);
    return block;
}

void *calloc(size_t count, size_t size) {
    REAL(calloc)
    void *block = real ? real(count, size) : early_block(count * size);
    add(block);
    return block;
}

void *realloc(void *old, size_t size) {
    REAL(realloc)
    if (is_early(old)) {
        void *block = malloc(size);
        size_t left = (size_t)(early + sizeof early - (char *)old);
        if (block) memcpy(block, old, size < left ? size : left);
        return block;
    }
    size_t before = old ? malloc_usable_size(old) + 8 : 0;
    void *block = real(old, size);
    if (block || size == 0) {
        atomic_fetch_sub(&live, before);
        add(block);
    }
    return block;
}

int posix_memalign(void **block, size_t align, size_t size) {
    REAL(posix_memalign)
    int status = real(block, align, size);
    if (status == 0) add(*block);
    return status;
}

void *aligned_alloc(size_t align, size_t size) {
    REAL(aligned_alloc)
    void *block = real(align, size);
    add(block);
    return block;
}

void free(void *block) {
    REAL(free)
    sub(block);
    if (block && !is_early(block)) real(block);
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("MALLOC_COUNT");
    FILE *file = path ? fopen(path, "w") : stderr;
    if (!file) return;
    fprintf(file, "peak %lld live %lld\n", atomic_load(&peak), atomic_load(&live));
    if (path) fclose(file);
}
