/* Three failures, three words: assert (debug builds only), ensure (release too; ends the offending
 * domain), panic (Ringfort's own bug; stops the machine). */
#ifndef LIB_ASSERT_H
#define LIB_ASSERT_H

#include "lib/config.h"
#include "lib/types.h"

struct domain;
struct cpu_user_regs;

/* Ringfort's own bug: prints message, registers, back trace and the last hypercalls; never returns.
 */
void panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* The same for an exception in Ringfort: registers and back trace are those of `regs`. */
void panic_at(const struct cpu_user_regs *regs, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* What a failed assert() becomes: panic with the place. */
void assert_failed(const char *expr, const char *file, int line) __attribute__((noreturn));

/* Ends `d` with SHUTDOWN_crash and a message; `d` may be the running domain. */
void ensure_failed(struct domain *d, const char *expr, const char *file, int line);

/* Logs a refused guest request; debug builds only. Returns `error`. */
int refuse_at(int error, const char *file, int line);

#define assert(cond)                                                                               \
    do {                                                                                           \
        if (RINGFORT_DEBUG && unlikely(!(cond)))                                                   \
            assert_failed(#cond, __FILE__, __LINE__);                                              \
    } while (0)

/* True when `cond` holds; otherwise the domain `d` has been ended and the caller must back out. */
#define ensure(d, cond) (likely(cond) || (ensure_failed(d, #cond, __FILE__, __LINE__), false))

/* `return refuse(-EINVAL);` — so that every refusal can be traced without a debugger. */
#define refuse(error) (RINGFORT_DEBUG ? refuse_at((error), __FILE__, __LINE__) : (error))

#endif
