// SPDX-License-Identifier: GPL-2.0-only
/*
 * One vGPU: a VFIO device that does nothing but exist, so that it has a group
 * node that a process can hold open.
 */
#include <linux/vfio.h>
#include "compat.h"
#include "lab.h"

struct lab_vgpu {
	struct vfio_device vfio;
	struct lab_vgpu_type *type;
	int id;
};

static int vgpu_init(struct vfio_device *vfio)
{
	struct lab_vgpu *vgpu = container_of(vfio, struct lab_vgpu, vfio);
	struct mdev_device *mdev = to_mdev_device(vfio->dev);

	vgpu->type = container_of(mdev->type, struct lab_vgpu_type, base);
	vgpu->id = lab_gvt_take(vgpu->type);
	return min(vgpu->id, 0);
}

static void vgpu_release(struct vfio_device *vfio)
{
	struct lab_vgpu *vgpu = container_of(vfio, struct lab_vgpu, vfio);

	lab_gvt_give(vgpu->type, vgpu->id);
	lab_vfio_free(vfio);
}

static int vgpu_open(struct vfio_device *vfio)
{
	return 0;
}

static const struct vfio_device_ops vgpu_ops = {
	.name = "intel-vgpu",
	.init = vgpu_init,
	.release = vgpu_release,
	.open_device = vgpu_open,
};

static int vgpu_probe(struct mdev_device *mdev)
{
	struct lab_vgpu *vgpu;
	int ret;

	vgpu = vfio_alloc_device(lab_vgpu, vfio, &mdev->dev, &vgpu_ops);
	if (IS_ERR(vgpu))
		return PTR_ERR(vgpu);
	dev_set_drvdata(&mdev->dev, vgpu);
	ret = vfio_register_emulated_iommu_dev(&vgpu->vfio);
	if (ret)
		vfio_put_device(&vgpu->vfio);
	return ret;
}

static void vgpu_remove(struct mdev_device *mdev)
{
	struct lab_vgpu *vgpu = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&vgpu->vfio);
	vfio_put_device(&vgpu->vfio);
}

static unsigned int vgpu_available(struct mdev_type *mtype)
{
	struct lab_vgpu_type *type =
		container_of(mtype, struct lab_vgpu_type, base);
	unsigned int n;

	mutex_lock(&type->gpu->gvt.lock);
	n = lab_gvt_available(type);
	mutex_unlock(&type->gpu->gvt.lock);
	return n;
}

static ssize_t vgpu_description(struct mdev_type *mtype, char *buf)
{
	struct lab_vgpu_type *type =
		container_of(mtype, struct lab_vgpu_type, base);

	return sysfs_emit(buf,
		"low_gm_size: %uMB\nhigh_gm_size: %uMB\nfence: %u\nresolution: %s\nweight: %u\n",
		type->size->low, type->size->high, type->size->fences,
		type->size->resolution, type->size->weight);
}

static ssize_t vgpu_id_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct lab_vgpu *vgpu = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%d\n", vgpu->id);
}
static DEVICE_ATTR_RO(vgpu_id);

static struct attribute *vgpu_attrs[] = { &dev_attr_vgpu_id.attr, NULL };
static const struct attribute_group vgpu_group = {
	.name = "intel_vgpu",
	.attrs = vgpu_attrs,
};
static const struct attribute_group *vgpu_groups[] = { &vgpu_group, NULL };

struct mdev_driver lab_vgpu_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = vgpu_probe,
	.remove = vgpu_remove,
	.get_available = vgpu_available,
	.show_description = vgpu_description,
	.driver = {
		.name = "intel_vgpu_mdev",
		.owner = THIS_MODULE,
		.dev_groups = vgpu_groups,
	},
};
