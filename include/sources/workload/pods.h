/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of pods and containers without asking an API: a kubelet has them in the names of its log
 * directories (pkg/kubelet/kuberuntime of Kubernetes: BuildPodLogsDirectory, logSymlink).
 */
#ifndef SOURCES_WORKLOAD_PODS_H
#define SOURCES_WORKLOAD_PODS_H

#define POD_ID_BYTES 65

struct pod_name {
	char id[POD_ID_BYTES]; /* the pod's uid, or the container's id */
	char namespace[64];
	char pod[254];
	char container[64]; /* empty when the name is a pod's */
};

/* "<namespace>_<pod>_<uid>", an entry of var/log/pods. 0 or -EINVAL. */
int pods_dir_parse(const char *name, struct pod_name *ret);

/* "<pod>_<namespace>_<container>-<id>.log", an entry of var/log/containers. 0 or -EINVAL. */
int pods_log_parse(const char *name, struct pod_name *ret);

#endif
