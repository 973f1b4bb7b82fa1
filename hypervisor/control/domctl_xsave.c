/* XSAVE state in the tools' form: XCR0, the components ever used, then the area. */
#include "control/domctl_ops.h"

#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/cpuid.h"
#include "x86/current.h"
#include "x86/fpu.h"

struct xsave_image {
    uint64_t xcr0, xcr0_used;
    uint8_t area[];
};

static size_t image_size(void)
{
    return sizeof(struct xsave_image) + cpu_features.xsave_size;
}

/* Every component counts as used: what is in its reset state is marked so in the area. */
static long image_out(struct vcpu *v, uint64_t to)
{
    struct xsave_image *image = zalloc(image_size());
    long rc = 0;

    if (!image)
        return -ENOMEM;
    vcpu_pause(v);
    image->xcr0 = v->arch.xcr0;
    image->xcr0_used = cpu_features.xcr0;
    fpu_get_area(v, image->area);
    vcpu_unpause(v);
    if (!copy_to_guest(to, image, image_size()))
        rc = refuse(-EFAULT);
    zfree(image);
    return rc;
}

long domctl_get_xsave(struct domain *d, struct xen_domctl_vcpuextstate *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    uint64_t room = op->size;

    /* Two vCPUs of one domain could wait for each other to stop. */
    if (!v || d == current->domain)
        return refuse(-EINVAL);
    op->size = cpu_features.xsave ? image_size() : 0;
    if (room == 0 || !cpu_features.xsave) {
        op->xfeature_mask = cpu_features.xcr0;
        return 0;
    }
    if (room != op->size || op->xfeature_mask != cpu_features.xcr0)
        return refuse(-EINVAL);
    return image_out(v, handle_addr(op->buffer));
}

/* The domain does not run, nor does anybody else change the vCPU. */
static bool set_paused(struct vcpu *v, const struct xsave_image *image)
{
    bool ok;

    vcpu_pause(v);
    ok = fpu_set_area(v, image->xcr0, image->area);
    vcpu_unpause(v);
    return ok;
}

/* A shorter image is from a machine with fewer components; its area is in the same format. */
long domctl_set_xsave(struct domain *d, const struct xen_domctl_vcpuextstate *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    struct xsave_image *image;
    long rc = 0;

    if (!v || d == current->domain || !cpu_features.xsave)
        return refuse(-EINVAL);
    if (op->size < sizeof(*image) || op->size > image_size())
        return refuse(-EINVAL);
    image = zalloc(image_size());
    if (!image)
        return -ENOMEM;
    if (!copy_from_guest(image, handle_addr(op->buffer), op->size))
        rc = refuse(-EFAULT);
    else if (!set_paused(v, image))
        rc = refuse(-EINVAL);
    zfree(image);
    return rc;
}
