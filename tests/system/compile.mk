# Compiles part of Ringfort without linking: the same work in Domain0 and on the host, whose
# objects must then be the same byte for byte.
FLAGS := -std=gnu11 -O2 -ffreestanding -fno-strict-aliasing -mgeneral-regs-only -fpie -w \
    -DRINGFORT_DEBUG=1 -Ihypervisor -Iabi
SOURCES := $(sort $(wildcard hypervisor/lib/*.c hypervisor/memory/*.c hypervisor/event/*.c))

sums: $(SOURCES:.c=.o)
	sha256sum $^ > $@

%.o: %.c
	gcc $(FLAGS) -c -o $@ $<
