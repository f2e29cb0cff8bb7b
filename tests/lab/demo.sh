#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the guest: the exporter on an emulated GPU whose load moves, for people to look at.
set -euo pipefail
. "$LAB_SRC/guest.sh"

lab_load ids=0x3e92 aperture_mb=512
vgpu_create GVTg_V5_4 00000000-0000-0000-0000-000000000101

# Transcodes that come and go: video busy, its clock up, less sleep.
move_load() {
	local t=0 video
	while :; do
		video=$((t % 120 < 60 ? 100 + t % 60 * 12 : 820 - t % 60 * 12))
		lab_set load_video "$video"
		lab_set load_render $((video / 3))
		lab_set load_video_enhance $((video / 2))
		lab_set rc6_permille $((900 - video))
		lab_set act_freq_mhz $((350 + video))
		sleep 2
		t=$((t + 2))
	done
}
move_load &
exec "$EXPORTER" --collector.cycles "$@"
