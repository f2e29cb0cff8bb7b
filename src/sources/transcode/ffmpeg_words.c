// SPDX-License-Identifier: Apache-2.0
/*
 * From what ffmpeg 5.1 says of itself (-h muxer=…, -encoders, -filters, -h full), and what 6 to 8
 * and the forks of Plex, Jellyfin and Emby add.
 */
#include "sources/transcode/ffmpeg_words.h"

#include "base/macros.h"

static const struct {
	enum ffmpeg_format format;
	const char *names;
} formats[] = {
	{ FFMPEG_NO_VIDEO,
	  "aa aac aax ac3 ac4 act adts adx afc aif aifc aiff alac al alaw alp alsa amr amrnb amrwb "
	  "ape apm aptx aptx_hd aptxhd argo_asf argo_cvg ast au bit caf chromaprint codec2 "
	  "codec2raw cvg daud dff dfpwm dsf dts dtshd eac3 f32be f32le f64be f64le flac g722 g723_1 "
	  "g726 g726le g729 gsm iamf ilbc ircam jack kvag lame latm lbc lc3 libopenmpt loas m2a mid "
	  "mka mlp mmf mod mp2 mp3 mpa mpc mulaw oga oma openal opus osq oss pcm pulse ra rso s16be "
	  "s16le s24be s24le s32be s32le s8 sbc sf sndio snd sox spdif spx tak thd truehd tta u16be "
	  "u16le u24be u24le u32be u32le u8 ul vag vidc voc w64 wav wsaud wv xm" },
	{ FFMPEG_NO_VIDEO,
	  "ass data ffmeta ffmetadata idx jacosub jss lrc microdvd rcwt sami scc smi srt ssa sub "
	  "subviewer sup ttml txt vobsub vtt webvtt" },
	{ FFMPEG_SOUND_FIRST, "ipod m4a m4b m4r ogg wma" },
	{ FFMPEG_IMAGE, "avif bmp bmp_pipe dpx exr heic heif ico image2 j2k jp2 jpeg jpeg_pipe jpg "
			"jxl pam pbm pcx pgm png png_pipe ppm qoi singlejpeg svg svg_pipe tga tif "
			"tiff webp webp_pipe xbm xwd" },
	{ FFMPEG_RAW, "caca crc fbdev framecrc framehash framemd5 hash kmsgrab libvmaf md5 null "
		      "opengl rawvideo rgb sdl sdl2 streamhash uncodedframecrc v4l2 video4linux2 "
		      "x11grab xv y4m yuv yuv4mpegpipe" },
	{ FFMPEG_VIDEO,
	  "264 265 3g2 3gp a64 amv apng asf asf_stream av1 avi avm2 avs2 avs3 cavsvideo dash decklink "
	  "dirac divx dnxhd dnxhr dv dvd evc f4v film_cpk flm flv gif gxf h261 h263 h264 h265 h266 "
	  "hds hevc hls image2pipe ipmovie ismv ivf live_flv m1v m2t m2ts m2v m3u8 m4v "
	  "matroska mjpeg mjpg mkv mov mp4 mpd mpeg mpeg1video mpeg2video mpegts mpegvideo mpg "
	  "mpjpeg mts mxf mxf_d10 mxf_opatom ndi nut obu ogv psp rm rmvb roq rtp rtp_mpegts rtsp sap "
	  "smjpeg smoothstreaming svcd swf ts vc1 vcd vob vvc webm whip wmv wtv" },
	{ FFMPEG_BY_SUFFIX, "segment ssegment stream_segment" },
};

enum ffmpeg_format ffmpeg_format(struct text_part name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (word_listed(name, formats[i].names))
			return formats[i].format;
	return FFMPEG_UNKNOWN;
}

/* The name of a GPU's encoder or decoder ends with its interface. */
static const char *const hardware[] = {
	"_vaapi",	 "_qsv",   "_nvenc",	   "_amf",   "_v4l2m2m", "_vulkan",
	"_videotoolbox", "_omx",   "_mediacodec",  "_rkmpp", "_mf",	 "_d3d12va",
	"_mmal",	 "_cuvid", "_v4l2request", "_nvmpi",
};

/* By other names than the codec's; and the codecs that no GPU of any maker encodes. */
static const char software[] =
	"libx264 libx264rgb libx265 libsvtav1 libsvt_av1 libsvt_hevc libsvt_vp9 libsvtjpegxs "
	"libaom libaom-av1 librav1e libvpx libvpx-vp9 libopenh264 libkvazaar libxvid libtheora "
	"libvvenc libxavs libxavs2 libuavs3e libxeve liboapv libwebp libwebp_anim libopenjpeg libjxl "
	"libjxl_anim libschroedinger libturbojpeg amv apng asv1 asv2 bmp cfhd cinepak dnxhd dpx "
	"dvvideo exr ffv1 ffvhuff flashsv flashsv2 flv flv1 gif h261 h263 h263p hap huffyuv jpeg2000 "
	"jpegls jpegxs libxvidcore ljpeg magicyuv mjpeg mpeg1video mpeg2video mpeg4 msmpeg4 msmpeg4v2 "
	"msmpeg4v3 msvideo1 pcx png ppm prores prores_aw prores_ks qoi qtrle roqvideo rpza rv10 rv20 "
	"snow speedhq svq1 targa theora tiff utvideo vbn vc2 dirac webp wmv1 wmv2 xvid zlib zmbv";

/* Frames as they are, and codecs by their names: which encoder that is depends on the build. */
static const char any[] = "rawvideo wrapped_avframe bitpacked r10k r210 v210 v308 v408 v410 ayuv "
			  "yuv4 y41p h264 hevc h265 av1 vp8 vp9 vvc h266 evc avs2 avs3 vc1 nvenc "
			  "nvenc_h264 nvenc_hevc jpegxl";

bool ffmpeg_video_encoder(struct text_part name, enum coding *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(hardware); i++)
		if (word_ends(name, hardware[i])) {
			*ret = CODING_HARDWARE;
			return true;
		}
	if (text_part_starts(name, "nvenc"))
		*ret = CODING_HARDWARE;
	else if (word_listed(name, software))
		*ret = CODING_SOFTWARE;
	else if (word_listed(name, any))
		*ret = CODING_VIDEO;
	else
		return false;
	return true;
}

bool ffmpeg_other_encoder(struct text_part name)
{
	/* Plex's encoders and decoders of its own end with "_eae". */
	return word_listed(
		       name,
		       "aac aac_at aac_lc ac3 ac3_fixed alac aptx aptx_hd ass comfortnoise dca dts "
		       "dvbsub dvdsub eac3 flac g722 g723_1 g726 libcodec2 libfdk_aac libgsm "
		       "libilbc libmp3lame liblc3 libopus libshine libspeex libtwolame libvorbis "
		       "libvo_amrwbenc libopencore_amrnb mlp mov_text mp2 mp2fixed mp3 nellymoser "
		       "opus real_144 s302m sbc sonic srt ssa subrip text truehd tta ttml vorbis "
		       "wavpack webvtt wmav1 wmav2 xsub") ||
	       text_part_starts(name, "pcm_") || text_part_starts(name, "adpcm_") ||
	       word_ends(name, "_eae");
}

bool ffmpeg_sound_filter(struct text_part name, struct text_part arguments)
{
	if (text_part_is(name, "concat"))
		return word_contains(arguments, "v=0");
	if (word_listed(
		    name,
		    "bandpass bandreject bass biquad bs2b channelmap channelsplit chorus compand "
		    "compensationdelay crossfeed crystalizer dcshift deesser dialoguenhance "
		    "drmeter dynaudnorm earwax ebur128 equalizer extrastereo firequalizer flanger "
		    "flite haas hdcd headphone highpass highshelf hilbert join ladspa loudnorm "
		    "lowpass lowshelf lv2 mcompand pan replaygain rubberband sidechaincompress "
		    "sidechaingate silencedetect silenceremove sinc sine sofalizer speechnorm "
		    "stereotools stereowiden superequalizer surround tiltshelf treble tremolo "
		    "vibrato virtualbass volume volumedetect whisper"))
		return true;
	/* The others that begin with an "a" are the twins of video's, but for these. */
	return text_part_starts(name, "a") &&
	       !word_listed(name, "a3dscope abitscope addroi adrawgraph agraphmonitor ahistogram "
				  "allrgb allyuv alphaextract alphamerge amplify ass atadenoise "
				  "avectorscope avgblur avgblur_opencl avgblur_vulkan avsynctest");
}

static const char flags[] =
	"y n vn an sn dn re shortest accurate_seek copyts start_at_zero stats stdin hide_banner "
	"report benchmark benchmark_all ignore_unknown copy_unknown recast_media xerror xioerror "
	"debug_ts psnr vstats qphist bitexact copyinkf dump hex force_fps "
	"find_stream_info fix_sub_duration auto_conversion_filters deinterlace intra sameq "
	"same_quant display_hflip display_vflip print_graphs";

static const char switches[] = "autorotate autoscale";

static const char values[] =
	"i c codec vcodec acodec scodec dcodec f map map_metadata map_chapters map_channel vf af lavfi "
	"filter filter_complex filter_script filter_complex_script filter_threads "
	"filter_complex_threads filter_hw_device hwaccel hwaccel_device hwaccel_output_format "
	"init_hw_device vaapi_device qsv_device ss sseof to t fs itsoffset itsscale frames vframes "
	"aframes dframes r fpsmax s aspect pix_fmt sample_fmt q qscale b ab ar ac aq bsf vbsf absf tag "
	"vtag atag stag metadata disposition preset pre vpre apre spre fpre crf profile level tune pass "
	"passlogfile g bf maxrate bufsize threads loglevel v vsync fps_mode async copytb copypriorss progress "
	"target stream_loop readrate thread_queue_size max_muxing_queue_size muxdelay muxpreload "
	"timestamp seek_timestamp attach dump_attachment program discard streamid force_key_frames "
	"enc_time_base time_base sdp_file stats_period channel_layout ch_layout canvas_size vol "
	"timelimit isync abort_on max_alloc max_error_rate cpuflags cpucount movflags fflags flags";

enum ffmpeg_option ffmpeg_option(struct text_part name)
{
	struct text_part positive = name;

	if (word_listed(name, switches))
		return FFMPEG_SWITCH;
	if (word_listed(name, flags))
		return FFMPEG_FLAG;
	if (word_listed(name, values))
		return FFMPEG_VALUE;
	if (!text_part_starts(name, "no"))
		return FFMPEG_OTHER;
	positive.s += 2;
	positive.len -= 2;
	return word_listed(positive, flags) || word_listed(positive, switches) ? FFMPEG_FLAG
									       : FFMPEG_OTHER;
}
