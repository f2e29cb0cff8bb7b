#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ffmpeg and vainfo with the driver: as its clients, and as the judge of its streams.
# usage: ffmpeg.sh DRIVER_FOLDER [NODE] (without a node: /dev/null, by the preload)
set -euo pipefail
folder=$1 node=${2:-}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export LIBVA_DRIVERS_PATH=$folder LIBVA_DRIVER_NAME=fake
preload=${VA_PRELOAD:-}
if [ -z "$node" ]; then
	node=/dev/null
	preload="$preload $folder/any_node.so"
fi
failed=0

with_driver() { env LD_PRELOAD="$preload" "$@"; }
ff() { ffmpeg -nostdin -v error -y "$@"; }
va() { with_driver ffmpeg -nostdin -v error -y "$@"; }
ok() { echo "ok: $*"; }
bad() { echo "FAILED: $*"; failed=1; }
same() { if cmp -s "$1" "$2" && [ -s "$1" ]; then ok "$3: bit-exact"; else bad "$3: differs"; fi; }

# psnr A B: of two files of bytes.
psnr() {
	python3 -c '
import math, sys
a, b = (open(p, "rb").read() for p in sys.argv[1:])
e = sum((x - y) ** 2 for x, y in zip(a, b)) / len(a) if len(a) == len(b) and a else 65025
print("%.2f" % (10 * math.log10(65025 / e) if e else 99))' "$1" "$2"
}
good_psnr() {
	local p
	p=$(psnr "$1" "$2")
	if python3 -c "import sys; sys.exit($p < $4)"; then ok "$3: PSNR $p dB"; else bad "$3: PSNR $p dB < $4"; fi
}

picture() { # SIZE FORMAT FRAMES FILE
	ff -f lavfi -i "testsrc2=size=$1:rate=5" -frames:v "$3" -pix_fmt "$2" -f rawvideo "$4"
}
raw() { echo -f rawvideo -r 5 -s "$1" -pix_fmt "$2" -i "$3"; }

# shellcheck disable=SC2046
h264() { # SIZE OPTIONS...
	local size=$1 name="h264 $*"
	shift
	picture "$size" nv12 4 "$tmp/in"
	va -vaapi_device "$node" $(raw "$size" nv12 "$tmp/in") -vf hwupload -c:v h264_vaapi -coder cavlc -qp 26 \
		"$@" -f h264 "$tmp/out.h264"
	ff -i "$tmp/out.h264" -pix_fmt nv12 -f rawvideo "$tmp/soft"
	same "$tmp/in" "$tmp/soft" "$name, decoded by software"
	va -hwaccel vaapi -hwaccel_device "$node" -hwaccel_output_format vaapi -i "$tmp/out.h264" \
		-vf hwdownload,format=nv12 -f rawvideo "$tmp/hard"
	same "$tmp/in" "$tmp/hard" "$name, decoded by the driver"
}

# shellcheck disable=SC2046
jpeg() { # SIZE QUALITY
	picture "$1" nv12 3 "$tmp/in"
	va -vaapi_device "$node" $(raw "$1" nv12 "$tmp/in") -vf hwupload -c:v mjpeg_vaapi -global_quality "$2" \
		-f mjpeg "$tmp/out.mjpeg"
	ff -i "$tmp/out.mjpeg" -vf scale=in_range=full:out_range=full,format=nv12 -f rawvideo "$tmp/soft"
	good_psnr "$tmp/in" "$tmp/soft" "jpeg $1 at $2, decoded by software" 35
	va -hwaccel vaapi -hwaccel_device "$node" -hwaccel_output_format vaapi -i "$tmp/out.mjpeg" \
		-vf hwdownload,format=nv12 -f rawvideo "$tmp/hard"
	good_psnr "$tmp/in" "$tmp/hard" "jpeg $1 at $2, decoded by the driver" 35
}

# shellcheck disable=SC2046
# Headers of a made-up stream must parse without a complaint.
headers() { # NAME ENCODER FORMAT CONTAINER
	FAKE_VA_PROFILES=all va -vaapi_device "$node" $(raw 256x256 "$3" "$tmp/256x256.$3") -vf hwupload \
		-c:v "$2" -global_quality 26 -f "$4" "$tmp/out.$4"
	ffmpeg -nostdin -v trace -i "$tmp/out.$4" -c copy -bsf:v trace_headers -f null - >"$tmp/trace" 2>&1
	if grep -q 'trace_headers.*frame_width_minus_1\|Slice Segment Header' "$tmp/trace" &&
	   ! grep -iE 'trace_headers.*(invalid|error|failed|warn)' "$tmp/trace" | grep -v error_resilient; then
		ok "$1: headers parse"
	else
		bad "$1: headers"
	fi
}

# shellcheck disable=SC2046
recorded() { # NAME ENCODER FORMAT
	FAKE_VA_STREAMS="$tmp/streams" va -vaapi_device "$node" $(raw 256x256 "$3" "$tmp/256x256.$3") \
		-vf hwupload -c:v "$2" -global_quality 26 -f matroska "$tmp/out.mkv"
	ff -i "$tmp/out.mkv" -pix_fmt nv12 -f rawvideo "$tmp/soft"
	ff $(raw 256x256 "$3" "$tmp/256x256.$3") -pix_fmt nv12 -f rawvideo "$tmp/in"
	good_psnr "$tmp/in" "$tmp/soft" "$1, recorded, decoded by software" 35
}

n=$(with_driver vainfo --display drm --device "$node" 2>/dev/null | grep -c 'VAProfile.*VAEntrypoint' || true)
if [ "$n" = 12 ]; then ok "vainfo: $n entry points"; else bad "vainfo: $n entry points, not 12"; fi

h264 256x256 -profile:v constrained_baseline
h264 320x240 -profile:v main -bf 2
h264 250x190 -profile:v high -low_power 1 -bf 0
h264 1280x720 -profile:v high -slices 3
jpeg 256x256 90
jpeg 250x190 85

picture 256x256 nv12 1 "$tmp/256x256.nv12"
picture 256x256 p010le 1 "$tmp/256x256.p010le"
cp "$tmp/256x256.p010le" "$tmp/256x256.p010"
headers hevc hevc_vaapi nv12 hevc
headers hevc10 hevc_vaapi p010le hevc
headers vp9 vp9_vaapi nv12 ivf
bash "$(dirname "${BASH_SOURCE[0]}")/../record.sh" "$tmp" "$tmp/streams"
recorded hevc hevc_vaapi nv12
recorded hevc10 hevc_vaapi p010le
recorded vp9 vp9_vaapi nv12

# The driver's own headers, from the test of the API.
if [ -n "${API_OUT:-}" ]; then
	for p in baseline main high; do
		ff -i "$API_OUT/$p.h264" -pix_fmt nv12 -f rawvideo "$tmp/soft"
		same "$API_OUT/picture.nv12" "$tmp/soft" "h264 $p with the driver's own headers"
	done
	ff -f mjpeg -i "$API_OUT/own.jpg" -vf scale=in_range=full:out_range=full,format=nv12 -f rawvideo "$tmp/soft"
	good_psnr "$API_OUT/picture.nv12" "$tmp/soft" "jpeg with the driver's own headers" 35
fi

# A file beside the driver is found without any variable; a client that may not write files lives.
mkdir "$tmp/beside"
cp "$folder/fake_drv_video.so" "$tmp/beside"
echo 'VENDOR=from the file beside it' >"$tmp/beside/fake_va.conf"
if LIBVA_DRIVERS_PATH=$tmp/beside with_driver vainfo --display drm --device "$node" 2>/dev/null |
	grep -q 'Driver version: from the file beside it'; then
	ok "fake_va.conf beside the driver"
else
	bad "fake_va.conf beside the driver"
fi
if (ulimit -f 0; FAKE_VA_DUMP=$tmp/dump with_driver vainfo --display drm --device "$node" 2>&1 | cat >/dev/null
    exit "${PIPESTATUS[0]}"); then
	ok "DUMP where no file may be written"
else
	bad "DUMP where no file may be written"
fi

# What is known of ffmpeg: an encoder that gives nothing goes unnoticed.
# shellcheck disable=SC2046
encode_one() {
	va -vaapi_device "$node" $(raw 256x256 nv12 "$tmp/in") -vf hwupload -c:v h264_vaapi -coder cavlc -qp 26 \
		-f h264 "$tmp/out.h264"
}
picture 256x256 nv12 1 "$tmp/in"
if FAKE_VA_CODED_SIZE=0 FAKE_VA_CODED_STATUS=0x8000 encode_one && [ ! -s "$tmp/out.h264" ]; then
	ok "size 0: ffmpeg exits 0 with an empty file"
else
	bad "size 0"
fi
if FAKE_VA_FAIL=EndPicture:24 encode_one 2>"$tmp/log"; then
	bad "status 24: ffmpeg did not notice"
elif grep -q '24 (internal encoding error)' "$tmp/log"; then
	ok "status 24: ffmpeg says so"
else
	bad "status 24"
fi
exit $failed
