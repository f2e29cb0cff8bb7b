#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the streams that the fake driver hands out for codecs it cannot code itself.
set -euo pipefail

[ $# = 2 ] || { echo "usage: record.sh PICTURES STREAMS (PICTURES holds <w>x<h>.nv12 and .p010)" >&2; exit 2; }
pictures=$1 streams=$2
mkdir -p "$streams"

# encode FILE FORMAT CODEC OPTIONS...: one picture, the bare stream.
encode() {
	local file=$1 format=$2 codec=$3 size
	shift 3
	size=${file##*/}
	size=${size%.*}
	ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt "$format" -s "$size" -r 25 -i "$file" -frames:v 1 \
		"$@" "$streams/${codec}_$size.bin"
}

for f in "$pictures"/*.nv12; do
	[ -e "$f" ] || continue
	encode "$f" nv12 hevc -c:v libx265 -preset fast -pix_fmt yuv420p -x265-params log-level=none:qp=18 -f hevc
	encode "$f" nv12 vp9 -c:v libvpx-vp9 -pix_fmt yuv420p -crf 15 -b:v 0 -f rawvideo
	encode "$f" nv12 av1 -c:v libaom-av1 -pix_fmt yuv420p -cpu-used 8 -crf 15 -b:v 0 -f rawvideo
done
for f in "$pictures"/*.p010; do
	[ -e "$f" ] || continue
	encode "$f" p010le hevc10 -c:v libx265 -preset fast -pix_fmt yuv420p10le -x265-params log-level=none:qp=18 -f hevc
done
