/*
 * Antisocial programs, by their first argument: "files" makes and removes small files in large
 * directories of a file system, "fork" has as many processes as it can get, all of which want more,
 * "memory" takes what memory it can get up to 3 GB, and when refused gives all back and begins
 * again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES 2000
#define CHUNK (1ul << 20)
#define CHUNKS 3072

static void files(const char *where)
{
    static const char text[512];
    char name[256];

    for (unsigned turn = 0;; turn++) {
        snprintf(name, sizeof(name), "%s/%u", where, turn % 4);
        mkdir(name, 0777);
        for (unsigned i = 0; i < FILES; i++) {
            int file;

            snprintf(name, sizeof(name), "%s/%u/%u", where, turn % 4, i);
            if (turn / 4 % 2) {
                unlink(name);
                continue;
            }
            file = open(name, O_CREAT | O_WRONLY, 0666);
            if (file < 0 || write(file, text, sizeof(text)) < 0)
                i = FILES;
            close(file);
        }
    }
}

static void forks(void)
{
    for (;;)
        if (fork() < 0)
            waitpid(-1, NULL, WNOHANG);
}

/* The first that the kernel kills when there is no memory. */
static void memory(void)
{
    static char *chunks[CHUNKS];
    int file = open("/proc/self/oom_score_adj", O_WRONLY);

    if (file < 0 || write(file, "1000", 4) != 4)
        perror("oom_score_adj");
    for (;;) {
        unsigned n = 0;

        for (; n < CHUNKS; n++) {
            chunks[n] =
                mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (chunks[n] == MAP_FAILED)
                break;
            memset(chunks[n], 1, CHUNK);
        }
        while (n)
            munmap(chunks[--n], CHUNK);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "files"))
        files(argv[2]);
    if (argc == 2 && !strcmp(argv[1], "fork"))
        forks();
    if (argc == 2 && !strcmp(argv[1], "memory"))
        memory();
    fprintf(stderr, "usage: hog files FOLDER | fork | memory\n");
    return 2;
}
