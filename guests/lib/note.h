/* One of the notes in which a kernel tells the domain builder about itself: for assembly. */
#ifndef GUEST_NOTE_H
#define GUEST_NOTE_H

#include <xen/elfnote.h>

#define NOTE(type, ...)                                                                            \
    .pushsection .note.Xen, "a", @note;                                                            \
    .balign 4;                                                                                     \
    .long 2f - 1f, 4f - 3f, type;                                                                  \
    1: .asciz "Xen";                                                                               \
    2: .balign 4;                                                                                  \
    3: __VA_ARGS__;                                                                                \
    4: .balign 4;                                                                                  \
    .popsection

#endif
