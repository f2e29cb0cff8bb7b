// SPDX-License-Identifier: Apache-2.0
/*
 * Command lines as applications and people write them, each with what a person would say of it.
 * Words have blanks between them; "~" is a blank within a word.
 */
#include "test.h"

#include "sources/transcode/command.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct row {
	enum coding coding;
	const char *line;
};

#define NOTHING	 CODING_NONE
#define UNKNOWN	 CODING_UNKNOWN
#define HARDWARE CODING_HARDWARE
#define VIDEO	 CODING_VIDEO
#define SOFTWARE CODING_SOFTWARE

static enum coding coding_of(enum coding (*of)(const char *, size_t), const char *line, size_t cut)
{
	size_t len = strlen(line) + 1;
	char *text = malloc(len);
	enum coding coding;

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(line[i] == ' ' ? '\0' : line[i] == '~' ? ' ' : line[i]);
	coding = of(text, len - cut);
	free(text);
	return coding;
}

static void check(enum coding (*of)(const char *, size_t), const struct row *rows, size_t n)
{
	static const char *const names[] = { "unknown", "none", "hardware", "video", "software" };
	bool failed = false;

	for (size_t i = 0; i < n; i++) {
		enum coding coding = coding_of(of, rows[i].line, 0);

		if (coding == rows[i].coding)
			continue;
		print_error("%s instead of %s: %s\n", names[coding], names[rows[i].coding],
			    rows[i].line);
		failed = true;
	}
	assert_false(failed);
}

static const struct row applications[] = {
	/* Jellyfin */
	{ SOFTWARE,
	  "/usr/lib/jellyfin-ffmpeg/ffmpeg -analyzeduration 200M -probesize 1G -f matroska -i "
	  "file:/media/a~film.mkv -map_metadata -1 -map_chapters -1 -threads 0 -map 0:0 -map 0:1 -map "
	  "-0:s -codec:v:0 libx264 -preset veryfast -crf 23 -maxrate 4790804 -bufsize 9581608 "
	  "-profile:v:0 high -level 51 -force_key_frames:0 expr:gte(t,n_forced*3) -sc_threshold:v:0 0 "
	  "-vf setparams=color_primaries=bt709,scale=trunc(min(max(iw\\,ih*a)\\,1280)/2)*2:-2,"
	  "format=yuv420p -codec:a:0 libfdk_aac -ac 2 -ab 256000 -af volume=2 -copyts "
	  "-avoid_negative_ts disabled -max_muxing_queue_size 2048 -f hls -max_delay 5000000 -hls_time "
	  "3 -hls_segment_type mpegts -hls_segment_filename /cache/a%d.ts -hls_list_size 0 -y "
	  "/cache/a.m3u8" },
	{ HARDWARE,
	  "ffmpeg -init_hw_device vaapi=va:,vendor_id=0x8086,driver=iHD -init_hw_device qsv=qs@va "
	  "-filter_hw_device qs -hwaccel vaapi -hwaccel_output_format vaapi -autorotate 0 -i "
	  "file:/media/a.mkv -noautoscale -map_metadata -1 -map_chapters -1 -threads 0 -map 0:0 -map "
	  "0:1 -map -0:s -codec:v:0 h264_qsv -low_power 1 -preset veryfast -b:v 9817753 -maxrate "
	  "9817753 -bufsize 19635506 -g:v:0 72 -vf "
	  "setparams=color_primaries=bt2020,scale_vaapi=w=1920:h=1080:format=nv12:extra_hw_frames=24,"
	  "hwmap=derive_device=qsv,format=qsv -codec:a:0 copy -copyts -f hls -hls_time 3 -y x.m3u8" },
	{ HARDWARE, /* subtitles burnt in: overlaid in software, encoded in hardware */
	  "ffmpeg -canvas_size 1920x1080 -i file:/m/a.mkv -map 0:0 -map 0:1 -map -0:0 -codec:v:0 "
	  "h264_qsv -filter_complex "
	  "[0:2]scale,scale=-1:1080:fast_bilinear[sub];[0:0]scale=trunc(min(iw\\,1816)/2)*2:-2[main];"
	  "[main][sub]overlay=eof_action=pass -codec:a:0 copy -f hls x.m3u8" },
	{ NOTHING,
	  "ffmpeg -analyzeduration 200M -f mov,mp4,m4a,3gp,3g2,mj2 -i file:/m/a.mp4 -map_metadata -1 "
	  "-map 0:0 -map 0:1 -map -0:s -codec:v:0 copy -tag:v:0 hvc1 -bsf:v hevc_mp4toannexb "
	  "-start_at_zero -codec:a:0 libfdk_aac -ac 2 -ab 256000 -af volume=2 -copyts -f hls "
	  "-hls_segment_type fmp4 -y x.m3u8" },
	{ SOFTWARE, /* pictures for the time line */
	  "ffmpeg -loglevel error -threads 1 -i file:/m/a.mkv -an -sn -vf fps=0.1,scale=320:-2 "
	  "-threads 1 -c:v mjpeg -qscale:v 4 -fps_mode passthrough -f image2 /cache/x/%08d.jpg" },
	{ UNKNOWN, "ffmpeg -hide_banner -f concat -safe 0 -i /cache/a.concat -af "
		   "ebur128=framelog=verbose -f null -" },
	{ NOTHING,
	  "ffmpeg -hide_banner -i file:/music/a.flac -af ebur128=framelog=verbose -f null -" },
	{ NOTHING,
	  "ffmpeg -hide_banner -loglevel info -threads 1 -ss 0 -i /tv/a.mkv -to 600 -ac 2 -f "
	  "chromaprint -fp_format raw -" },
	{ NOTHING, "ffmpeg -i file:/m/a.mkv -copyts -map 0:3 -an -vn -c:s srt /cache/a.srt" },
	{ NOTHING,
	  "ffmpeg -i file:/music/a.flac -threads 0 -vn -codec:a:0 libmp3lame -ab 192000 -ac 2 "
	  "-y /cache/a.mp3" },
	/* Plex */
	{ NOTHING,
	  "/usr/lib/plexmediaserver/Plex~Transcoder -codec:0 h264 -codec:2 eac3_eae -eae_prefix:2 x_ "
	  "-ss 0 -noaccurate_seek -analyzeduration 20000000 -i /data/a.mkv -filter_complex "
	  "[0:2]~aresample=async=1:ocl='stereo':rematrix_maxval=0.000000dB:osr=48000[0] -map 0:0 "
	  "-metadata:s:0 language=eng -codec:0 copy -map [0] -metadata:s:1 language=eng -codec:1 aac "
	  "-b:1 256k -segment_format mpegts -f ssegment -individual_header_trailer 0 -segment_list "
	  "http://127.0.0.1:32400/x -start_at_zero -copyts -vsync cfr -y -nostats -loglevel quiet "
	  "-loglevel_plex error -progressurl http://127.0.0.1:32400/y media-%05d.ts" },
	{ NOTHING,
	  "Plex~Transcoder -codec:0 hevc -i /data/a.mkv -map 0:0 -codec:0 copy "
	  "-filter_complex [0:1]~aresample=async=1:ochl='5.1':osr=48000[0] -map [0] -codec:1 "
	  "eac3_eae -eae_prefix:1 x_ -b:1 640k -f dash dash" },
	{ NOTHING,
	  "Plex~Transcoder -codec:1 aac -i /media/a.mkv -y -nostats -loglevel quiet -loglevel_plex error "
	  "-progressurl http://127.0.0.1:32400/x -filter_complex [0:1]~aresample=async=1[0] -map [0] "
	  "-codec:0 flac -b:0 4096k -f flac -t 30 /transcode/Transcode/Detection/u" },
	{ HARDWARE,
	  "Plex~Transcoder -codec:0 h264 -hwaccel:0 vaapi -hwaccel_fallback_threshold:0 10 "
	  "-hwaccel_output_format:0 vaapi -codec:1 dca -i /m/a.mkv -filter_complex "
	  "[0:0]hwupload[0];[0]scale_vaapi=w=1278:h=538:format=nv12[1];[1]hwupload[2] -map [2] "
	  "-codec:0 h264_vaapi -filter_complex [0:1]~aresample=async=1[3] -map [3] -codec:1 aac -f dash "
	  "dash" },
	{ SOFTWARE,
	  "Plex~Transcoder -codec:0 h264 -hwaccel:0 vaapi -i /m/a.mkv -filter_complex "
	  "[0:0]scale=w=720:h=480[0];[0]format=pix_fmts=yuv420p|nv12[1] -map [1] -codec:0 libx264 "
	  "-crf:0 23 -preset:0 veryfast -f dash dash" },
	{ SOFTWARE,
	  "Plex~Transcoder -i a.mkv -map 0:0 -codec:0 mpeg4 -map 0:1 -codec:1 copy -f dash dash" },
	/* Emby */
	{ HARDWARE,
	  "/app/emby/bin/ffmpeg -loglevel +timing -y -print_graphs_file /config/logs/g.txt -copyts "
	  "-start_at_zero -init_hw_device qsv=dev1:hw_any,child_device=/dev/dri/renderD128 "
	  "-filter_hw_device dev1 -f mpegts -c:v:0 h264_qsv -hwaccel:v:0 qsv -hwaccel_output_format:v:0 "
	  "qsv -noautorotate -i http://h/proxy/ts/stream/1 -map 0:0 -map 0:1 -sn -c:v:0 hevc_qsv -b:v:0 "
	  "5320600 -c:a:0 libmp3lame -ab:a:0 63000 -f segment -segment_format mpegts x_%d.ts" },
	{ NOTHING,
	  "/bin/ffmpeg -loglevel +timing -y -ss 0 -f matroska,webm -i /m/a.mkv -map 0:0 -map 0:1 "
	  "-sn -c:v:0 copy -bsf:v:0 h264_mp4toannexb -c:a:0 libmp3lame -f segment x_%d.ts" },
	{ SOFTWARE, "/bin/ffmpeg -loglevel +timing -y -f mpegts -i http://h/1 -filter_complex "
		    "[0:0]yadif@f1=mode=send_frame[f1_out0] -map [f1_out0] -map 0:1 -c:v:0 libx264 "
		    "-b:v:0 4000000 -c:a:0 copy -f segment x_%d.ts" },
	/* Frigate and go2rtc */
	{ VIDEO,
	  "ffmpeg -hide_banner -loglevel warning -threads 2 -hwaccel_flags allow_profile_mismatch "
	  "-hwaccel vaapi -hwaccel_device /dev/dri/renderD128 -hwaccel_output_format vaapi "
	  "-avoid_negative_ts make_zero -rtsp_transport tcp -i rtsp://cam/sub -r 5 -vf "
	  "fps=5,scale_vaapi=w=1280:h=720,hwdownload,format=nv12,eq=gamma=1.4:gamma_weight=0.5 "
	  "-threads 2 -f rawvideo -pix_fmt yuv420p pipe:" },
	{ VIDEO,
	  "ffmpeg -hide_banner -i rtsp://cam -f segment -segment_time 10 -segment_format mp4 "
	  "-reset_timestamps 1 -strftime 1 -c:v copy -c:a aac /tmp/cache/x@%Y%m%d%H%M%S%z.mp4 -r "
	  "5 -vf fps=5,scale=1280:720 -threads 2 -f rawvideo -pix_fmt yuv420p pipe:" },
	{ NOTHING, "ffmpeg -hide_banner -fflags +genpts+discardcorrupt -i rtsp://cam -f segment "
		   "-segment_time 10 -strftime 1 -c copy /tmp/cache/x@%Y%m%d.mp4" },
	{ NOTHING,
	  "ffmpeg -vn -threads 1 -hide_banner -loglevel warning -user_agent FFmpeg -fflags "
	  "+genpts+discardcorrupt -rtsp_transport tcp -timeout 10000000 -use_wallclock_as_timestamps 1 "
	  "-i rtsp://cam/live -threads 1 -f s16le -ar 16000 -ac 1 -y pipe:" },
	{ SOFTWARE,
	  "ffmpeg -f rawvideo -pix_fmt yuv420p -video_size 1920x1200 -i pipe: -f mpegts -s "
	  "1920x1200 -codec:v mpeg1video -q 8 -bf 0 pipe:" },
	{ NOTHING,
	  "ffmpeg -hide_banner -allowed_media_types video+audio -fflags nobuffer -flags low_delay "
	  "-timeout 5000000 -i rtsp://cam/live -c:v copy -c:a libopus -application:a lowdelay -min_comp 0 "
	  "-user_agent ffmpeg/go2rtc -rtsp_transport tcp -f rtsp rtsp://127.0.0.1:8554/x" },
	{ SOFTWARE,
	  "ffmpeg -hide_banner -fflags nobuffer -i rtsp://cam -c:v libx264 -g 50 -profile:v high "
	  "-level:v 4.1 -preset:v superfast -tune:v zerolatency -pix_fmt:v yuv420p -an -f rtsp "
	  "rtsp://127.0.0.1:8554/x" },
	{ SOFTWARE, "ffmpeg -hide_banner -i rtsp://cam -c:v mjpeg -f mjpeg -" },
	/* Immich */
	{ SOFTWARE,
	  "ffmpeg -i /upload/a.mov -y -c:v h264 -c:a aac -movflags faststart -fps_mode "
	  "passthrough -map 0:0 -map_metadata -1 -map 0:1 -v verbose -vf scale=-2:720 -preset "
	  "ultrafast -crf 23 -c:v:0 libx264 /thumbs/a.mp4" },
	{ VIDEO,
	  "ffmpeg -i /upload/a.mov -y -c:v h264 -c:a copy -map 0:0 -map 0:1 -vf scale=-2:720 "
	  "/thumbs/a.mp4" },
	{ HARDWARE,
	  "ffmpeg -init_hw_device qsv=hw,child_device=/dev/dri/renderD128 -filter_hw_device hw "
	  "-hwaccel qsv -hwaccel_output_format qsv -async_depth 4 -noautorotate -threads 1 -i "
	  "/upload/a.mov -y -c:v hevc_qsv -c:a copy -movflags faststart -tag:v hvc1 -map 0:0 "
	  "-map_metadata -1 -vf scale_qsv=-1:720:mode=hq:format=nv12 -preset 7 -global_quality:v "
	  "23 /thumbs/a.mp4" },
	{ SOFTWARE,
	  "ffmpeg -skip_frame nointra -sws_flags accurate_rnd+full_chroma_int -i /upload/a.mov -y "
	  "-fps_mode vfr -frames:v 1 -update 1 -v verbose -vf thumbnail=12,scale=-2:1440 "
	  "/thumbs/a.jpeg" },
	/* Tdarr, Unmanic */
	{ HARDWARE,
	  "tdarr-ffmpeg -hwaccel vaapi -hwaccel_device /dev/dri/renderD128 "
	  "-hwaccel_output_format vaapi -i /m/a.mkv -map 0:v -map 0:a -map 0:s? -map 0:d? -map "
	  "0:t? -c copy -c:v:0 hevc_vaapi -b:v 3310k -max_muxing_queue_size 1024 /t/b.mkv" },
	{ SOFTWARE,
	  "tdarr-ffmpeg -i /m/a.mkv -map 0 -c copy -c:v libx265 -crf 22 -max_muxing_queue_size "
	  "9999 /t/b.mkv" },
	{ NOTHING,
	  "tdarr-ffmpeg -y -i /m/a.mkv -map 0 -c copy -map -0:d -metadata title= /t/b.mkv" },
	{ VIDEO, "tdarr-ffmpeg -v error -i /m/a.mkv -f null -max_muxing_queue_size 9999 /t/b.mkv" },
	{ HARDWARE,
	  "ffmpeg -hide_banner -loglevel info -hwaccel vaapi -hwaccel_output_format vaapi -i "
	  "/m/a.mkv -max_muxing_queue_size 10240 -map 0:v:0 -map 0:a:0 -map 0:s:0 -c:v:0 "
	  "hevc_vaapi -c:a:0 copy -c:s:0 copy -y /t/b.mkv" },
	{ SOFTWARE,
	  "ffmpeg -hide_banner -loglevel info -strict -2 -i /m/a.mkv -map 0:v:0 -map 0:a:0 -c:v:0 "
	  "libsvtav1 -preset 6 -crf 30 -c:a:0 libopus -y /t/b.mkv" },
	{ NOTHING,
	  "ffmpeg -hide_banner -i /m/a.mkv -map 0:v:0 -map 0:a:0 -c:v:0 copy -c:a:0 aac -ac:a:0 2 -y "
	  "/t/b.mkv" },
	/* ErsatzTV, Dispatcharr, Channels DVR, Threadfin */
	{ NOTHING,
	  "ffmpeg -nostdin -threads 1 -hide_banner -loglevel error -nostats -fflags "
	  "+genpts+discardcorrupt+igndts -f concat -safe 0 -protocol_whitelist file,http,tcp -probesize "
	  "32 -re -stream_loop -1 -i http://localhost:8409/ffmpeg/concat/1 -muxdelay 0 -muxpreload 0 "
	  "-movflags +faststart -flags cgop -sc_threshold 0 -map_metadata -1 -c copy -f mpegts pipe:1" },
	{ HARDWARE,
	  "ffmpeg -nostdin -hide_banner -nostats -init_hw_device vaapi=hw:/dev/dri/renderD128 "
	  "-filter_hw_device hw -hwaccel vaapi -readrate 1.0 -i /m/a.mkv -filter_complex "
	  "[0:1]aresample=async=1:first_pts=0,apad=whole_dur=1490000ms[a];[0:0]"
	  "scale_vaapi=1920:1080:force_divisible_by=2,setsar=1[v] -map [v] -map [a] -c:v "
	  "hevc_vaapi -b:v 4000k -c:a aac -f mpegts pipe:1" },
	{ SOFTWARE,
	  "ffmpeg -f lavfi -i color=c=black:s=1920x1080 -f lavfi -i anullsrc -map 0:v -map 1:a -c:v "
	  "libx264 -t 60 -c:a ac3 -f mpegts pipe:1" },
	{ NOTHING,
	  "ffmpeg -user_agent VLC/3.0.20 -i http://iptv/live/1.ts?token=a.mp4 -c copy -f mpegts "
	  "pipe:1" },
	{ SOFTWARE,
	  "ffmpeg -user_agent VLC -i http://iptv/1 -c:v libx264 -preset ultrafast -c:a aac -f "
	  "mpegts pipe:1" },
	{ HARDWARE,
	  "ffmpeg -hide_banner -nostats -f mpegts -hwaccel qsv -i - -map 0:v:0 -map 0:a:0 -c:v "
	  "h264_qsv -vf deinterlace_qsv -c:a aac -f hls -hls_time 1 stream.m3u8" },
	/* MediaMTX, OBS' recipes, Home Assistant, Music Assistant, Whisper */
	{ SOFTWARE,
	  "ffmpeg -i rtsp://localhost:8554/cam -c:v libx264 -pix_fmt yuv420p -preset ultrafast -b:v "
	  "600k -max_muxing_queue_size 1024 -f rtsp rtsp://localhost:8554/compressed" },
	{ NOTHING,
	  "ffmpeg -re -stream_loop -1 -i file.ts -c copy -f rtsp rtsp://localhost:8554/mystream" },
	{ HARDWARE,
	  "ffmpeg -f v4l2 -i /dev/video0 -c:v h264_v4l2m2m -b:v 1M -f rtsp rtsp://localhost/x" },
	{ NOTHING, "ffmpeg -i rtsp://cam -map 0:v -map 0:a -c copy -f tee "
		   "[f=flv]rtmp://a/live|[f=mpegts]udp://10.0.0.1:1234/" },
	{ NOTHING,
	  "ffmpeg -hide_banner -loglevel error -nostats -ignore_unknown -ac 2 -channel_layout stereo -ar "
	  "44100 -acodec pcm_s16le -f s16le -i - -af volume=-3dB -f flac -ar 48000 -ac 2 "
	  "-compression_level 0 -" },
	{ NOTHING, "ffmpeg -i /tv/a.mkv -f wav -acodec pcm_s16le -ar 16000 pipe:1" },
	{ NOTHING,
	  "ffmpeg -nostdin -threads 0 -i /tv/a.mkv -f s16le -ac 1 -acodec pcm_s16le -ar 16000 -" },
	{ NOTHING, "ffmpeg -i http://radio/stream -map 0:a:0 -b:a 192k -v 0 -f mp3 -" },
	/* ffmpeg's own manual and wiki */
	{ SOFTWARE, "ffmpeg -i input.avi output.mp4" },
	{ SOFTWARE, "ffmpeg -i input.avi -b:v 64k -bufsize 64k output.avi" },
	{ SOFTWARE, "ffmpeg -r 1 -f m4v -i input.m4v -r 24 output.avi" },
	{ SOFTWARE, "ffmpeg -f x11grab -framerate 25 -video_size cif -i :0.0 /tmp/out.mpg" },
	{ SOFTWARE, "ffmpeg -framerate 24 -i img%03d.png output.mp4" },
	{ SOFTWARE,
	  "ffmpeg -loop 1 -framerate 2 -i still.png -i audio.m4a -c:v libx264 -shortest out.mkv" },
	{ SOFTWARE, "ffmpeg -i foo.avi -r 1 -s 1280x720 -f image2 foo-%03d.jpeg" },
	{ SOFTWARE, "ffmpeg -y -i input -c:v libx264 -b:v 2600k -pass 1 -an -f null /dev/null" },
	{ HARDWARE,
	  "ffmpeg -vaapi_device /dev/dri/renderD128 -i input.mp4 -vf format=nv12,hwupload -c:v "
	  "h264_vaapi -b:v 2M -maxrate 2M output.mp4" },
	{ VIDEO, "ffmpeg -hwaccel vaapi -hwaccel_output_format vaapi -i input.mp4 -f null -" },
	{ SOFTWARE, "ffmpeg -hwaccel vaapi -i input.mp4 -c:v libx264 -crf 20 output.mp4" },
	{ HARDWARE,
	  "ffmpeg -hwaccel cuda -hwaccel_output_format cuda -i in.mkv -c:v hevc_nvenc out.mkv" },
	{ VIDEO,
	  "ffmpeg -i distorted.mp4 -i reference.mp4 -lavfi libvmaf=log_path=a.xml -f null -" },
	{ NOTHING,
	  "ffmpeg -i video.mkv -i audio.mp3 -map 0 -map 1:a -c:v copy -shortest output.mkv" },
	{ NOTHING, "ffmpeg -i INPUT -map 0:a:0 -c:a copy audio.mka" },
};

static const struct row shapes[] = {
	/* Which words are options, and of whom. */
	{ NOTHING, "ffmpeg -i in.mkv -c copy out.mp4" },
	{ NOTHING, "ffmpeg -i in.mkv -codec copy -f mpegts udp://10.0.0.1:5000?pkt_size=1316" },
	{ NOTHING, "ffmpeg -i in.mkv -vcodec copy -acodec libmp3lame out.mp4" },
	{ NOTHING, "ffmpeg -i in.mkv -c:V:0 copy -af volume=2 out.mp4" },
	{ SOFTWARE, "ffmpeg -c copy -i in.mkv out.mp4" },
	{ SOFTWARE, "ffmpeg -i in.mkv -c:a copy out.mp4" },
	{ SOFTWARE, "ffmpeg -i in.mkv -c copy -c:v libx264 out.mp4" },
	{ NOTHING, "ffmpeg -i in.mkv -c:v libx264 -c copy out.mp4" },
	{ NOTHING, "ffmpeg -i in.mkv -c:v:0 libx264 -c:v copy out.mp4" },
	{ SOFTWARE, "ffmpeg -i in.mkv -c:v copy -c:v:1 mjpeg out.mp4" },
	{ SOFTWARE, "ffmpeg -i in.mkv -metadata comment=-vn out.mp4" },
	{ SOFTWARE, "ffmpeg -i in.mkv -metadata -vn out.mp4" },
	{ NOTHING, "ffmpeg -i in.mkv -strange -vn out.mp4" },
	{ NOTHING, "ffmpeg -i in.mkv -strange value -vn out.mp4" },
	{ SOFTWARE, "ffmpeg -i in.mkv out.mp4 -vn" },
	{ NOTHING, "ffmpeg -i in.mkv -c copy -- -odd.mp4" },
	{ SOFTWARE, "ffmpeg -autorotate 0 -i in.mkv -c:v libx264 out.mp4" },
	{ NOTHING, "ffmpeg -autorotate 0 -i in.mkv -c copy out.mp4" },
	{ NOTHING, "ffmpeg -i in.mkv -copypriorss 0 -c copy out.mp4" },
	{ NOTHING, "ffmpeg -i http://h/a.mp3?token=b.mkv out.mp4" },
	{ SOFTWARE, "ffmpeg -i a.flac -filter_complex [0:a]showspectrum -f mpegts -" },
	{ SOFTWARE, "ffmpeg -y -autorotate -i in.mkv -c:v libx264 out.mp4" },
	{ UNKNOWN, "ffmpeg" },
	{ UNKNOWN, "" },
	{ UNKNOWN, "ffmpeg -i in.mkv" },
	{ UNKNOWN, "ffmpeg -i in.mkv -c" },
	/* Inputs without video. */
	{ NOTHING, "ffmpeg -vn -i in.mkv out.mp4" },
	{ SOFTWARE, "ffmpeg -vn -i in.mkv -i b.mkv out.mp4" },
	{ NOTHING, "ffmpeg -vn -i in.mkv -map 0:v -c:v libx264 out.mp4" },
	{ NOTHING, "ffmpeg -i in.flac out.mp4" },
	{ NOTHING, "ffmpeg -f s16le -i - -f mpegts -" },
	{ NOTHING, "ffmpeg -f lavfi -i sine=f=440:r=48000 -f mpegts -" },
	{ SOFTWARE, "ffmpeg -f lavfi -i testsrc2=s=1x1 -f mpegts -" },
	{ NOTHING, "ffmpeg -i cover.jpg -vf scale=300:-1 cover.png" },
	{ NOTHING, "ffmpeg -i a.mp3 -i cover.jpg -map 0:a -map 1:v -c:a copy out.mp3" },
	/* Outputs without video. */
	{ NOTHING, "ffmpeg -i in.mkv -vn -c:a libopus out.opus" },
	{ NOTHING, "ffmpeg -i in.mkv out.mp3" },
	{ NOTHING, "ffmpeg -i in.mkv OUT.FLAC" },
	{ NOTHING, "ffmpeg -i in.mkv -c:v libx264 -vn out.mkv" },
	{ SOFTWARE, "ffmpeg -i in.mkv out.m4a" },
	{ NOTHING, "ffmpeg -i in.mp3 out.m4a" },
	{ UNKNOWN, "ffmpeg -i http://radio/x out.m4a" },
	{ UNKNOWN, "ffmpeg -i in.mkv out.strange" },
	{ UNKNOWN, "ffmpeg -i in.mkv -f strange out.mp4" },
	{ UNKNOWN, "ffmpeg -i in.mkv udp://10.0.0.1:5000" },
	{ UNKNOWN, "ffmpeg -i in.mkv -af volumedetect -f null -" },
	{ UNKNOWN, "ffmpeg -i in.mkv -filter_complex [0:a]ebur128 -f null -" },
	{ VIDEO, "ffmpeg -i in.mkv -map 0:v -f null -" },
	{ NOTHING, "ffmpeg -i in.mkv -c copy -f null -" },
	{ SOFTWARE, "ffmpeg -i http://h/x out.mkv" },
	/* One after the other. */
	{ HARDWARE, "ffmpeg -i in.mkv -c:v copy a.mp4 -c:v h264_vaapi b.mp4" },
	{ SOFTWARE, "ffmpeg -i in.mkv -c copy a.mp4 b.mp4" },
	{ SOFTWARE, "ffmpeg -i in.mkv -vn a.mp3 -vf fps=1 c%d.png" },
	{ SOFTWARE, "ffmpeg -i in.mkv -c:v h264_qsv a.mp4 -c:v libx264 b.mp4" },
	{ VIDEO, "ffmpeg -i rtsp://a -c copy x.mp4 -f rawvideo pipe:" },
	{ VIDEO, "ffmpeg -i rtsp://a -c copy x.mp4 -f framemd5 -" },
	{ UNKNOWN, "ffmpeg -i in.mkv -c copy a.mp4 b.strange" },
	{ NOTHING, "ffmpeg -i in.mkv -vn a.mp3 -vn b.ogg" },
	/* Mappings. */
	{ NOTHING, "ffmpeg -i a.mkv -map 0:s:1 a.srt -map 0:a b.mka" },
	{ NOTHING, "ffmpeg -i a.mkv -map 0:a? -map -0:v -f mp3 -" },
	{ NOTHING, "ffmpeg -i a.mkv -map 0 -map -0:v b.mkv" },
	{ UNKNOWN, "ffmpeg -i a.mkv -map 0 -map -0:v:0 b.mkv" },
	{ SOFTWARE, "ffmpeg -i a.mkv -map -0:a b.mkv" },
	{ NOTHING, "ffmpeg -i a.mkv -map 0:a -c:v libx264 b.mkv" },
	{ SOFTWARE, "ffmpeg -i a.mkv -map 0 b.mkv" },
	{ SOFTWARE, "ffmpeg -i a.mkv -map 0:a -map 0:v b.mkv" },
	{ UNKNOWN, "ffmpeg -i a.mkv -map 0:a -map 0:ax b.mkv" },
	{ UNKNOWN, "ffmpeg -i a.mkv -map 0:1 b.mkv" },
	{ UNKNOWN, "ffmpeg -i a.mkv -map 0:a -map 0:m:language:eng b.mkv" },
	{ NOTHING, "ffmpeg -i a.mkv -map 0:1 b.mka" },
	{ NOTHING, "ffmpeg -i a.flac -map 0:0 b.mkv" },
	{ NOTHING, "ffmpeg -i a.flac -i b.mkv -map 0 -map 1:a b.mkv" },
	{ UNKNOWN, "ffmpeg -i a.mkv -map 7:1 b.mkv" },
	{ NOTHING, "ffmpeg -i a.mkv -map_metadata 0:s:a:0 -map 0:a:0 -f mp3 -" },
	{ UNKNOWN, "ffmpeg -i a.mkv -map 0:0 -map 0:1 -codec:1 strange b.mkv" },
	/* Graphs. */
	{ NOTHING,
	  "ffmpeg -i a.mkv -filter_complex [0:a]volume=1.5,atempo=1.0[a] -map 0:v -map [a] -c:v copy "
	  "-c:a aac b.mkv" },
	{ NOTHING,
	  "ffmpeg -vn -sn -dn -i a.mkv -filter_complex_threads 1 -filter_complex "
	  "[0:a]aresample=48000[out] -map [out] -vn -ac 2 -c:a pcm_f32le -rf64 auto -y a.wav" },
	{ NOTHING,
	  "ffmpeg -i a.mkv -filter_complex [0:a][1:a]concat=n=2:v=0:a=1[a] -map [a] b.mkv" },
	{ VIDEO,
	  "ffmpeg -i a.mkv -filter_complex [0:v]scale=2:2[v] -map [v] -f nut -c:v rawvideo -" },
	{ SOFTWARE, "ffmpeg -i a.mkv -map [v] -filter_complex [0:0]scale=2:2[v] b.mkv" },
	{ SOFTWARE, "ffmpeg -i a.mkv -filter_complex [0:a]showwaves=s=1x1[v] -map [v] b.mkv" },
	{ SOFTWARE, "ffmpeg -i a.mkv -filter_complex overlay,scale=2:2 b.strange.mp4" },
	{ VIDEO,
	  "ffmpeg -i a.mkv -filter_complex [0:v]split[a][b];[a]nullsink;[b]nullsink -map 0:a b.mka" },
	{ NOTHING,
	  "ffmpeg -i a.mkv -filter_complex [0:a]aeval='val(0)[1];scale',pan=mono|c0=c0[a] -map [a] b.mkv" },
	{ NOTHING, "ffmpeg -i a.mkv -c:v copy -filter:a loudnorm=I=-16 b.mkv" },
	{ SOFTWARE, "ffmpeg -i a.mkv -filter:v fps=1 b.mkv" },
	{ SOFTWARE, "ffmpeg -i a.mkv -map 0:1 -filter:0 hqdn3d b.mkv" },
	{ UNKNOWN, "ffmpeg -i a.mkv -filter_complex_script /tmp/x -map [a] b.mkv" },
	{ UNKNOWN, "ffmpeg -i a.mkv -/filter_complex /tmp/x -map [a] b.mkv" },
	{ UNKNOWN, "ffmpeg -i a.mkv -filter_complex anull[x] -map [other] b.mkv" },
	{ SOFTWARE, "ffmpeg -i a.mkv -target pal-dvd b" },
};

static const struct row gstreamer[] = {
	{ NOTHING,
	  "gst-launch-1.0 filesrc location=a.mp4 ! qtdemux ! h264parse ! mpegtsmux ! filesink "
	  "location=/srv/dec/a.ts" },
	{ NOTHING,
	  "gst-launch-1.0 -e rtspsrc location=rtsp://a ! rtph264depay ! video/x-h264 ! matroskamux ! "
	  "valve ! fakesink" },
	{ NOTHING,
	  "gst-launch-1.0 rtspsrc location=rtsp://a ! rtpopusdepay ! opusdec ! audioconvert ! "
	  "voaacenc ! mp4mux ! filesink location=a.m4a" },
	{ HARDWARE,
	  "gst-launch-1.0 -e rtspsrc location=rtsp://cam ! rtph264depay ! h264parse ! vah264enc ! "
	  "h264parse ! rtspclientsink location=rtsp://x" },
	{ VIDEO, "gst-launch-1.0 filesrc location=a ! qtdemux ! h264parse ! vah264dec ! fakesink" },
	{ VIDEO,
	  "gst-launch-1.0 filesrc location=a ! qtdemux ! vaapih264dec ! vaapipostproc ! vaapih265enc ! "
	  "fakesink" },
	{ VIDEO,
	  "gst-launch-1.0 filesrc location=a ! qtdemux ! qsvh264dec ! qsvh265enc ! fakesink" },
	{ SOFTWARE, "gst-launch-1.0 videotestsrc ! x264enc ! fakesink" },
	{ SOFTWARE, "gst-launch-1.0 filesrc~location=a.mkv~!~decodebin~!~x265enc~!~fakesink" },
	{ SOFTWARE,
	  "gst-launch-1.0 filesrc location=a ! decodebin ! videoconvert ! svtav1enc ! webmmux ! "
	  "fakesink" },
	{ UNKNOWN, "gst-launch-1.0 filesrc location=a ! decodebin ! fakesink" },
	{ UNKNOWN, "gst-launch-1.0 playbin uri=file:///a.mkv" },
	{ UNKNOWN, "gst-launch-1.0 filesrc ! strangedec ! fakesink" },
	{ UNKNOWN, "gst-launch-1.0" },
	{ UNKNOWN, "" },
};

static const struct row handbrake[] = {
	{ VIDEO, "HandBrakeCLI -i a.mkv -o b.mp4 --preset Fast~1080p30" },
	{ SOFTWARE, "HandBrakeCLI -i a.mkv -o b.mp4 -e x264 -q 22" },
	{ SOFTWARE, "HandBrakeCLI -i a.mkv -o b.mp4 --encoder=svt_av1_10bit" },
	{ SOFTWARE, "HandBrakeCLI -i a.mkv -o b.mp4 --encoder x265" },
	{ VIDEO, "HandBrakeCLI -i a.mkv -o b.mp4 -e qsv_h265" },
	{ VIDEO, "HandBrakeCLI -i a.mkv -o x264.mp4" },
	{ VIDEO, "ghb --config /config" },
	{ VIDEO, "" },
};

static void reads_applications(void **state)
{
	(void)state;
	assert_compare(ARRAY_SIZE(applications), >=, 40);
	check(ffmpeg_coding, applications, ARRAY_SIZE(applications));
}

static void reads_shapes(void **state)
{
	(void)state;
	check(ffmpeg_coding, shapes, ARRAY_SIZE(shapes));
}

static void reads_others(void **state)
{
	(void)state;
	check(gstreamer_coding, gstreamer, ARRAY_SIZE(gstreamer));
	check(handbrake_coding, handbrake, ARRAY_SIZE(handbrake));
}

/* What is missing may be another output: a line that was cut off never says that nothing is coded.
 */
static void cut_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(applications); i++)
		for (size_t cut = 1; cut < strlen(applications[i].line); cut++) {
			size_t end = strlen(applications[i].line) - cut;
			enum coding coding = coding_of(ffmpeg_coding, applications[i].line, cut);

			if (strchr(" ", applications[i].line[end]))
				continue;
			assert_row(coding != CODING_NONE, applications[i].line);
		}
	assert_int_equal(coding_of(ffmpeg_coding, "ffmpeg -i a.mkv a.mp4 -c:v copy b.mp4", 1),
			 CODING_SOFTWARE);
	assert_int_equal(coding_of(gstreamer_coding, "gst-launch-1.0 a ! b", 1), CODING_UNKNOWN);
}

/* Longer than anybody writes: it takes no time, and is not understood. */
static void too_long(void **state)
{
	static char line[65536];
	static const char *const units[] = { "-vf\0a\0", "-i\0a\0", "-map\0[a]\0", "a\0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t len = strlen(units[i]) + 1;

		len += units[i][0] == '-' ? strlen(units[i] + len) + 1 : 0;
		memset(line, 0, sizeof(line));
		for (size_t at = 0; at + len <= sizeof(line); at += len)
			memcpy(line + at, units[i], len);
		assert_int_equal(ffmpeg_coding(line, sizeof(line)), CODING_UNKNOWN);
	}
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(ffmpeg_coding(line, sizeof(line)), CODING_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_applications), cmocka_unit_test(reads_shapes),
		cmocka_unit_test(reads_others),	      cmocka_unit_test(cut_off),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
