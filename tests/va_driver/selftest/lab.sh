#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the lab's guest: the driver on a real render node, nothing intercepted, GPU time charged.
# usage: lab.sh DRIVER_FOLDER
set -euo pipefail
folder=$1
# shellcheck source=/dev/null
. "$LAB_SRC/guest.sh"
lab_load
node=$(lab_render)
here=$(dirname "${BASH_SOURCE[0]}")
export LIBVA_DRIVERS_PATH=$folder LIBVA_DRIVER_NAME=fake

"$here/ffmpeg.sh" "$folder" "$node"

# A client that sleeps after its work, so that its fdinfo can be read.
ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=1280x720:rate=5 -frames:v 10 -pix_fmt nv12 -f rawvideo /tmp/in
FAKE_VA_ENGINE_NS=7000000 FAKE_VA_HANG=Terminate ffmpeg -nostdin -v error -y -vaapi_device "$node" -f rawvideo \
	-s 1280x720 -pix_fmt nv12 -i /tmp/in -vf hwupload -c:v h264_vaapi -coder cavlc -qp 26 -f h264 /tmp/out.h264 &
pid=$!
charged() { grep -hs '^drm-engine-video:' /proc/$pid/fdinfo/* | sort -k2 -n | tail -n 1; }
all_charged() { [ "$(charged | awk '{ print $2 }')" = 70000000 ]; }
if lab_wait 60 all_charged; then
	echo "ok: 10 pictures, 7 ms each: $(charged)"
else
	echo "FAILED: 10 pictures of 7 ms each: $(charged)"
	exit 1
fi
kill -9 $pid
