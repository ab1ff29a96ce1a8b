import type { Architectures } from './backbone-facts.ts'

/* Written by test/parity/backbones/describe_architectures.py from timm 1.0.31. */

// prettier-ignore
export const coAtNetArchitectures: Architectures = {
  coatnet_pico_rw_224: { side: 224, pixels: 'inception', features: 512, parameters: 10851364, multiplyAccumulates: 2028459520, checkpoints: '' },
  coatnet_nano_rw_224: { side: 224, pixels: 'inception', features: 512, parameters: 15141244, multiplyAccumulates: 2382715392, checkpoints: 'sw_in1k' },
  coatnet_0_rw_224: { side: 224, pixels: 'inception', features: 768, parameters: 27435562, multiplyAccumulates: 4406300928, checkpoints: 'sw_in1k' },
  coatnet_1_rw_224: { side: 224, pixels: 'inception', features: 768, parameters: 41721502, multiplyAccumulates: 7992160512, checkpoints: 'sw_in1k' },
  coatnet_2_rw_224: { side: 224, pixels: 'inception', features: 1024, parameters: 73868400, multiplyAccumulates: 15019256832, checkpoints: 'sw_in12k_ft_in1k sw_in12k:11821' },
  coatnet_3_rw_224: { side: 224, pixels: 'inception', features: 1536, parameters: 165173428, multiplyAccumulates: 33320993280, checkpoints: 'sw_in12k:11821' },
  coatnet_bn_0_rw_224: { side: 224, pixels: 'imageNet', features: 768, parameters: 27435562, multiplyAccumulates: 4647145728, checkpoints: 'sw_in1k' },
  coatnet_rmlp_nano_rw_224: { side: 224, pixels: 'inception', features: 512, parameters: 15145116, multiplyAccumulates: 2594052864, checkpoints: 'sw_in1k' },
  coatnet_rmlp_0_rw_224: { side: 224, pixels: 'inception', features: 768, parameters: 27446074, multiplyAccumulates: 4684945664, checkpoints: '' },
  coatnet_rmlp_1_rw_224: { side: 224, pixels: 'inception', features: 768, parameters: 41691982, multiplyAccumulates: 7807099392, checkpoints: 'sw_in1k' },
  coatnet_rmlp_1_rw2_224: { side: 224, pixels: 'inception', features: 768, parameters: 41724622, multiplyAccumulates: 8066538752, checkpoints: 'sw_in12k_ft_in1k sw_in12k:11821' },
  coatnet_rmlp_2_rw_224: { side: 224, pixels: 'inception', features: 1024, parameters: 73881264, multiplyAccumulates: 15114828800, checkpoints: 'sw_in12k_ft_in1k sw_in1k sw_in12k:11821' },
  coatnet_rmlp_2_rw_384: { side: 384, pixels: 'inception', features: 1024, parameters: 73881264, multiplyAccumulates: 47488266240, checkpoints: 'sw_in12k_ft_in1k' },
  coatnet_rmlp_3_rw_224: { side: 224, pixels: 'inception', features: 1536, parameters: 165152788, multiplyAccumulates: 33458952704, checkpoints: '' },
  coatnet_nano_cc_224: { side: 224, pixels: 'inception', features: 512, parameters: 13757328, multiplyAccumulates: 2213098496, checkpoints: '' },
}

// prettier-ignore
export const coaTArchitectures: Architectures = {
  coat_tiny: { side: 224, pixels: 'imageNet', features: 152, parameters: 5498540, multiplyAccumulates: 4316447208, checkpoints: 'in1k' },
  coat_mini: { side: 224, pixels: 'imageNet', features: 216, parameters: 10337004, multiplyAccumulates: 6772601512, checkpoints: 'in1k' },
  coat_small: { side: 224, pixels: 'imageNet', features: 320, parameters: 21693908, multiplyAccumulates: 12548023008, checkpoints: 'in1k' },
  coat_lite_tiny: { side: 224, pixels: 'imageNet', features: 320, parameters: 5721960, multiplyAccumulates: 1589037952, checkpoints: 'in1k' },
  coat_lite_mini: { side: 224, pixels: 'imageNet', features: 512, parameters: 11011560, multiplyAccumulates: 1987031552, checkpoints: 'in1k' },
  coat_lite_small: { side: 224, pixels: 'imageNet', features: 512, parameters: 19838504, multiplyAccumulates: 3943563264, checkpoints: 'in1k' },
  coat_lite_medium: { side: 224, pixels: 'imageNet', features: 512, parameters: 44571048, multiplyAccumulates: 9770857984, checkpoints: 'in1k' },
  coat_lite_medium_384: { side: 384, pixels: 'imageNet', features: 512, parameters: 44571048, multiplyAccumulates: 28628731904, checkpoints: 'in1k' },
}

// prettier-ignore
export const convNeXtArchitectures: Architectures = {
  convnext_tiny: { side: 224, pixels: 'imageNet', features: 768, parameters: 28589128, multiplyAccumulates: 4455531264, checkpoints: 'in12k_ft_in1k dinov3_lvd1689m:0 eupe_lvd1689m:0@256 fb_in1k fb_in22k:21841 fb_in22k_ft_in1k fb_in22k_ft_in1k_384@384 in12k:11821 in12k_ft_in1k_384@384' },
  convnext_small: { side: 224, pixels: 'imageNet', features: 768, parameters: 50223688, multiplyAccumulates: 8683712256, checkpoints: 'in12k_ft_in1k dinov3_lvd1689m:0 eupe_lvd1689m:0@256 fb_in1k fb_in22k:21841 fb_in22k_ft_in1k fb_in22k_ft_in1k_384@384 in12k:11821 in12k_ft_in1k_384@384' },
  convnext_base: { side: 224, pixels: 'imageNet', features: 1024, parameters: 88591464, multiplyAccumulates: 15354729472, checkpoints: 'fb_in22k_ft_in1k clip_laion2b:640@256/clip clip_laion2b_augreg:640@256/clip clip_laion2b_augreg_ft_in1k@256/clip clip_laion2b_augreg_ft_in12k:11821@256/clip clip_laion2b_augreg_ft_in12k_in1k@256/clip clip_laion2b_augreg_ft_in12k_in1k_384@384/clip clip_laiona:640@256/clip clip_laiona_320:640@320/clip clip_laiona_augreg_320:640@320/clip clip_laiona_augreg_ft_in1k_384@384/clip dinov3_lvd1689m:0 eupe_lvd1689m:0@256 fb_in1k fb_in22k:21841 fb_in22k_ft_in1k_384@384' },
  convnext_large: { side: 224, pixels: 'imageNet', features: 1536, parameters: 197767336, multiplyAccumulates: 34361433600, checkpoints: 'fb_in22k_ft_in1k dinov3_lvd1689m:0 fb_in1k fb_in22k:21841 fb_in22k_ft_in1k_384@384' },
  convnext_xlarge: { side: 224, pixels: 'imageNet', features: 2048, parameters: 350196968, multiplyAccumulates: 60921030656, checkpoints: 'fb_in22k_ft_in1k fb_in22k:21841 fb_in22k_ft_in1k_384@384' },
}

// prettier-ignore
export const deitArchitectures: Architectures = {
  deit_tiny_patch16_224: { side: 224, pixels: 'imageNet', features: 192, parameters: 5717416, multiplyAccumulates: 1253683200, checkpoints: 'fb_in1k' },
  deit_small_patch16_224: { side: 224, pixels: 'imageNet', features: 384, parameters: 22050664, multiplyAccumulates: 4598882304, checkpoints: 'fb_in1k' },
  deit_base_patch16_224: { side: 224, pixels: 'imageNet', features: 768, parameters: 86567656, multiplyAccumulates: 17563828224, checkpoints: 'fb_in1k' },
  deit_base_patch16_384: { side: 384, pixels: 'imageNet', features: 768, parameters: 86859496, multiplyAccumulates: 55484350464, checkpoints: 'fb_in1k' },
  deit_tiny_distilled_patch16_224: { side: 224, pixels: 'imageNet', features: 192, parameters: 5910800, multiplyAccumulates: 1261003776, checkpoints: 'fb_in1k' },
  deit_small_distilled_patch16_224: { side: 224, pixels: 'imageNet', features: 384, parameters: 22436432, multiplyAccumulates: 4624140288, checkpoints: 'fb_in1k' },
  deit_base_distilled_patch16_224: { side: 224, pixels: 'imageNet', features: 768, parameters: 87338192, multiplyAccumulates: 17656811520, checkpoints: 'fb_in1k' },
  deit_base_distilled_patch16_384: { side: 384, pixels: 'imageNet', features: 768, parameters: 87630032, multiplyAccumulates: 55591342080, checkpoints: 'fb_in1k' },
  deit3_small_patch16_224: { side: 224, pixels: 'imageNet', features: 384, parameters: 22059496, multiplyAccumulates: 4598882304, checkpoints: 'fb_in1k fb_in22k_ft_in1k' },
  deit3_small_patch16_384: { side: 384, pixels: 'imageNet', features: 384, parameters: 22205416, multiplyAccumulates: 15490351104, checkpoints: 'fb_in1k fb_in22k_ft_in1k' },
  deit3_medium_patch16_224: { side: 224, pixels: 'imageNet', features: 512, parameters: 38849512, multiplyAccumulates: 7990968320, checkpoints: 'fb_in1k fb_in22k_ft_in1k' },
  deit3_base_patch16_224: { side: 224, pixels: 'imageNet', features: 768, parameters: 86585320, multiplyAccumulates: 17563828224, checkpoints: 'fb_in1k fb_in22k_ft_in1k' },
  deit3_base_patch16_384: { side: 384, pixels: 'imageNet', features: 768, parameters: 86877160, multiplyAccumulates: 55484350464, checkpoints: 'fb_in1k fb_in22k_ft_in1k' },
  deit3_large_patch16_224: { side: 224, pixels: 'imageNet', features: 1024, parameters: 304374760, multiplyAccumulates: 61554712576, checkpoints: 'fb_in1k fb_in22k_ft_in1k' },
  deit3_large_patch16_384: { side: 384, pixels: 'imageNet', features: 1024, parameters: 304763880, multiplyAccumulates: 191066300416, checkpoints: 'fb_in1k fb_in22k_ft_in1k' },
  deit3_huge_patch14_224: { side: 224, pixels: 'imageNet', features: 1280, parameters: 632126440, multiplyAccumulates: 167295109120, checkpoints: 'fb_in1k fb_in22k_ft_in1k' },
}

// prettier-ignore
export const edgeNeXtArchitectures: Architectures = {
  edgenext_xx_small: { side: 256, pixels: 'imageNet', features: 168, parameters: 1327216, multiplyAccumulates: 257905088, checkpoints: 'in1k' },
  edgenext_x_small: { side: 256, pixels: 'imageNet', features: 192, parameters: 2336804, multiplyAccumulates: 533192192, checkpoints: 'in1k' },
  edgenext_small: { side: 256, pixels: 'imageNet', features: 304, parameters: 5586832, multiplyAccumulates: 1253234816, checkpoints: 'usi_in1k' },
  edgenext_base: { side: 256, pixels: 'imageNet', features: 584, parameters: 18511292, multiplyAccumulates: 3828296384, checkpoints: 'usi_in1k in21k_ft_in1k' },
}

// prettier-ignore
export const efficientNetArchitectures: Architectures = {
  efficientnet_b0: { side: 224, pixels: 'imageNet', features: 1280, parameters: 5288548, multiplyAccumulates: 385814752, checkpoints: 'ra_in1k ra4_e3600_r224_in1k/inception' },
  tf_efficientnet_b0: { side: 224, pixels: 'imageNet', features: 1280, parameters: 5288548, multiplyAccumulates: 385814752, checkpoints: 'ns_jft_in1k aa_in1k ap_in1k/inception in1k' },
  efficientnet_b1: { side: 240, pixels: 'inception', features: 1280, parameters: 7794184, multiplyAccumulates: 686802832, checkpoints: 'ra4_e3600_r240_in1k ft_in1k@224/imageNet' },
  tf_efficientnet_b1: { side: 240, pixels: 'imageNet', features: 1280, parameters: 7794184, multiplyAccumulates: 686802832, checkpoints: 'ns_jft_in1k aa_in1k ap_in1k/inception in1k' },
  efficientnet_b2: { side: 256, pixels: 'imageNet', features: 1408, parameters: 9109994, multiplyAccumulates: 859853760, checkpoints: 'ra_in1k' },
  tf_efficientnet_b2: { side: 260, pixels: 'imageNet', features: 1408, parameters: 9109994, multiplyAccumulates: 993561872, checkpoints: 'ns_jft_in1k aa_in1k ap_in1k/inception in1k' },
  efficientnet_b3: { side: 288, pixels: 'imageNet', features: 1536, parameters: 12233232, multiplyAccumulates: 1589198096, checkpoints: 'ra2_in1k' },
  tf_efficientnet_b3: { side: 300, pixels: 'imageNet', features: 1536, parameters: 12233232, multiplyAccumulates: 1827141392, checkpoints: 'ns_jft_in1k aa_in1k ap_in1k/inception in1k' },
  efficientnet_b4: { side: 320, pixels: 'imageNet', features: 1792, parameters: 19341616, multiplyAccumulates: 3063687008, checkpoints: 'ra2_in1k' },
  tf_efficientnet_b4: { side: 380, pixels: 'imageNet', features: 1792, parameters: 19341616, multiplyAccumulates: 4393771024, checkpoints: 'ns_jft_in1k aa_in1k ap_in1k/inception in1k' },
  efficientnet_b5: { side: 448, pixels: 'imageNet', features: 2048, parameters: 30389784, multiplyAccumulates: 9404374080, checkpoints: 'sw_in12k_ft_in1k sw_in12k:11821@416' },
  tf_efficientnet_b5: { side: 456, pixels: 'imageNet', features: 2048, parameters: 30389784, multiplyAccumulates: 10266384752, checkpoints: 'ns_jft_in1k aa_in1k ap_in1k/inception in1k ra_in1k' },
  efficientnet_b6: { side: 528, pixels: 'imageNet', features: 2304, parameters: 43040704, multiplyAccumulates: 19067593536, checkpoints: '' },
  tf_efficientnet_b6: { side: 528, pixels: 'imageNet', features: 2304, parameters: 43040704, multiplyAccumulates: 19067593536, checkpoints: 'ns_jft_in1k aa_in1k ap_in1k/inception' },
  efficientnet_b7: { side: 600, pixels: 'imageNet', features: 2560, parameters: 66347960, multiplyAccumulates: 37745884192, checkpoints: '' },
  tf_efficientnet_b7: { side: 600, pixels: 'imageNet', features: 2560, parameters: 66347960, multiplyAccumulates: 37745884192, checkpoints: 'ns_jft_in1k aa_in1k ap_in1k/inception ra_in1k' },
  efficientnet_lite0: { side: 224, pixels: 'imageNet', features: 1280, parameters: 4652008, multiplyAccumulates: 385187552, checkpoints: 'ra_in1k' },
  tf_efficientnet_lite0: { side: 224, pixels: 'inception', features: 1280, parameters: 4652008, multiplyAccumulates: 385187552, checkpoints: 'in1k' },
  efficientnet_lite1: { side: 240, pixels: 'imageNet', features: 1280, parameters: 5416680, multiplyAccumulates: 600185232, checkpoints: '' },
  tf_efficientnet_lite1: { side: 240, pixels: 'inception', features: 1280, parameters: 5416680, multiplyAccumulates: 600185232, checkpoints: 'in1k' },
  efficientnet_lite2: { side: 260, pixels: 'imageNet', features: 1280, parameters: 6092072, multiplyAccumulates: 859736272, checkpoints: '' },
  tf_efficientnet_lite2: { side: 260, pixels: 'inception', features: 1280, parameters: 6092072, multiplyAccumulates: 859736272, checkpoints: 'in1k' },
  efficientnet_lite3: { side: 300, pixels: 'imageNet', features: 1280, parameters: 8197096, multiplyAccumulates: 1607554544, checkpoints: '' },
  tf_efficientnet_lite3: { side: 300, pixels: 'inception', features: 1280, parameters: 8197096, multiplyAccumulates: 1607554544, checkpoints: 'in1k' },
  efficientnet_lite4: { side: 380, pixels: 'imageNet', features: 1280, parameters: 13006568, multiplyAccumulates: 3943564112, checkpoints: '' },
  tf_efficientnet_lite4: { side: 380, pixels: 'inception', features: 1280, parameters: 13006568, multiplyAccumulates: 3943564112, checkpoints: 'in1k' },
}

// prettier-ignore
export const eva02Architectures: Architectures = {
  eva02_tiny_patch14_224: { side: 224, pixels: 'clip', features: 192, parameters: 5695144, multiplyAccumulates: 1697710080, checkpoints: 'mim_in22k:0' },
  eva02_tiny_patch14_336: { side: 336, pixels: 'clip', features: 192, parameters: 5756584, multiplyAccumulates: 4662312960, checkpoints: 'mim_in22k_ft_in1k' },
  eva02_small_patch14_224: { side: 224, pixels: 'clip', features: 384, parameters: 22006120, multiplyAccumulates: 6123945984, checkpoints: 'mim_in22k:0' },
  eva02_small_patch14_336: { side: 336, pixels: 'clip', features: 384, parameters: 22129000, multiplyAccumulates: 15450537984, checkpoints: 'mim_in22k_ft_in1k' },
  eva02_base_patch14_224: { side: 224, pixels: 'clip', features: 768, parameters: 86527720, multiplyAccumulates: 23161995264, checkpoints: 'mim_in22k:0' },
  eva02_base_patch14_448: { side: 448, pixels: 'clip', features: 768, parameters: 87117544, multiplyAccumulates: 106886332416, checkpoints: 'mim_in22k_ft_in22k_in1k mim_in22k_ft_in1k mim_in22k_ft_in22k:21841' },
  eva02_large_patch14_224: { side: 224, pixels: 'clip', features: 1024, parameters: 304293800, multiplyAccumulates: 81000374272, checkpoints: 'mim_in22k:0 mim_m38m:0' },
  eva02_large_patch14_448: { side: 448, pixels: 'clip', features: 1024, parameters: 305080232, multiplyAccumulates: 361747161088, checkpoints: 'mim_in22k_ft_in22k_in1k mim_in22k_ft_in1k mim_in22k_ft_in22k:21841 mim_m38m_ft_in1k mim_m38m_ft_in22k:21841 mim_m38m_ft_in22k_in1k' },
}

// prettier-ignore
export const mobileNetV3Architectures: Architectures = {
  mobilenetv3_large_100: { side: 224, pixels: 'imageNet', features: 1280, parameters: 5483032, multiplyAccumulates: 216589760, checkpoints: 'ra_in1k miil_in21k:11221/plain miil_in21k_ft_in1k/plain ra4_e3600_r224_in1k/inception' },
  mobilenetv3_large_075: { side: 224, pixels: 'imageNet', features: 1280, parameters: 3993528, multiplyAccumulates: 154560624, checkpoints: '' },
  mobilenetv3_small_100: { side: 224, pixels: 'imageNet', features: 1024, parameters: 2542856, multiplyAccumulates: 56510400, checkpoints: 'lamb_in1k' },
  mobilenetv3_small_075: { side: 224, pixels: 'imageNet', features: 1024, parameters: 2041872, multiplyAccumulates: 43399344, checkpoints: 'lamb_in1k' },
  mobilenetv3_small_050: { side: 224, pixels: 'imageNet', features: 1024, parameters: 1593224, multiplyAccumulates: 24188688, checkpoints: 'lamb_in1k' },
}

// prettier-ignore
export const mobileViTArchitectures: Architectures = {
  mobilevit_xxs: { side: 256, pixels: 'plain', features: 320, parameters: 1272024, multiplyAccumulates: 407364096, checkpoints: 'cvnets_in1k' },
  mobilevit_xs: { side: 256, pixels: 'plain', features: 384, parameters: 2317848, multiplyAccumulates: 1025911808, checkpoints: 'cvnets_in1k' },
  mobilevit_s: { side: 256, pixels: 'plain', features: 640, parameters: 5578632, multiplyAccumulates: 2000831488, checkpoints: 'cvnets_in1k' },
}

// prettier-ignore
export const regNetArchitectures: Architectures = {
  regnetx_002: { side: 224, pixels: 'imageNet', features: 368, parameters: 2684792, multiplyAccumulates: 199039872, checkpoints: 'pycls_in1k' },
  regnetx_004: { side: 224, pixels: 'imageNet', features: 384, parameters: 5157512, multiplyAccumulates: 397677568, checkpoints: 'pycls_in1k' },
  regnetx_006: { side: 224, pixels: 'imageNet', features: 528, parameters: 6196040, multiplyAccumulates: 600890112, checkpoints: 'pycls_in1k' },
  regnetx_008: { side: 224, pixels: 'imageNet', features: 672, parameters: 7259656, multiplyAccumulates: 799699712, checkpoints: 'tv2_in1k pycls_in1k' },
  regnetx_016: { side: 224, pixels: 'imageNet', features: 912, parameters: 9190136, multiplyAccumulates: 1602849792, checkpoints: 'tv2_in1k pycls_in1k' },
  regnetx_032: { side: 224, pixels: 'imageNet', features: 1008, parameters: 15296552, multiplyAccumulates: 3176621952, checkpoints: 'tv2_in1k pycls_in1k' },
  regnetx_040: { side: 224, pixels: 'imageNet', features: 1360, parameters: 22118248, multiplyAccumulates: 3964498816, checkpoints: 'pycls_in1k' },
  regnetx_064: { side: 224, pixels: 'imageNet', features: 1624, parameters: 26209256, multiplyAccumulates: 6460291264, checkpoints: 'pycls_in1k' },
  regnetx_080: { side: 224, pixels: 'imageNet', features: 1920, parameters: 39572648, multiplyAccumulates: 7995132416, checkpoints: 'tv2_in1k pycls_in1k' },
  regnetx_120: { side: 224, pixels: 'imageNet', features: 2240, parameters: 46106056, multiplyAccumulates: 12086678016, checkpoints: 'pycls_in1k' },
  regnetx_160: { side: 224, pixels: 'imageNet', features: 2048, parameters: 54278536, multiplyAccumulates: 15940755456, checkpoints: 'tv2_in1k pycls_in1k' },
  regnetx_320: { side: 224, pixels: 'imageNet', features: 2520, parameters: 107811560, multiplyAccumulates: 31735929792, checkpoints: 'tv2_in1k pycls_in1k' },
  regnety_002: { side: 224, pixels: 'imageNet', features: 368, parameters: 3162996, multiplyAccumulates: 199514080, checkpoints: 'pycls_in1k' },
  regnety_004: { side: 224, pixels: 'imageNet', features: 440, parameters: 4344144, multiplyAccumulates: 401842848, checkpoints: 'tv2_in1k pycls_in1k' },
  regnety_006: { side: 224, pixels: 'imageNet', features: 608, parameters: 6055160, multiplyAccumulates: 601220992, checkpoints: 'pycls_in1k' },
  regnety_008: { side: 224, pixels: 'imageNet', features: 768, parameters: 6263168, multiplyAccumulates: 797176832, checkpoints: 'pycls_in1k' },
  regnety_016: { side: 224, pixels: 'imageNet', features: 888, parameters: 11202430, multiplyAccumulates: 1612076160, checkpoints: 'tv2_in1k pycls_in1k' },
  regnety_032: { side: 224, pixels: 'imageNet', features: 1512, parameters: 19436338, multiplyAccumulates: 3176482752, checkpoints: 'ra_in1k pycls_in1k tv2_in1k' },
  regnety_040: { side: 224, pixels: 'imageNet', features: 1088, parameters: 20646656, multiplyAccumulates: 3973288448, checkpoints: 'ra3_in1k pycls_in1k' },
  regnety_064: { side: 224, pixels: 'imageNet', features: 1296, parameters: 30583252, multiplyAccumulates: 6355204992, checkpoints: 'ra3_in1k pycls_in1k' },
  regnety_080: { side: 224, pixels: 'imageNet', features: 2016, parameters: 39180068, multiplyAccumulates: 7963057312, checkpoints: 'ra3_in1k pycls_in1k' },
  regnety_120: { side: 224, pixels: 'imageNet', features: 2240, parameters: 51822544, multiplyAccumulates: 12092376576, checkpoints: 'sw_in12k_ft_in1k pycls_in1k sw_in12k:11821' },
  regnety_160: { side: 224, pixels: 'imageNet', features: 3024, parameters: 83590140, multiplyAccumulates: 15911510272, checkpoints: 'sw_in12k_ft_in1k deit_in1k lion_in12k_ft_in1k pycls_in1k sw_in12k:11821 swag_ft_in1k@384 swag_lc_in1k tv2_in1k' },
  regnety_320: { side: 224, pixels: 'imageNet', features: 3712, parameters: 145046770, multiplyAccumulates: 32279552832, checkpoints: 'tv2_in1k pycls_in1k seer:0 seer_ft_in1k@384 swag_ft_in1k@384 swag_lc_in1k' },
}

// prettier-ignore
export const resNetArchitectures: Architectures = {
  resnet18: { side: 224, pixels: 'imageNet', features: 512, parameters: 11689512, multiplyAccumulates: 1814073344, checkpoints: 'a1_in1k a2_in1k a3_in1k@160 fb_ssl_yfcc100m_ft_in1k fb_swsl_ig1b_ft_in1k gluon_in1k tv_in1k' },
  resnet34: { side: 224, pixels: 'imageNet', features: 512, parameters: 21797672, multiplyAccumulates: 3663761408, checkpoints: 'a1_in1k a2_in1k a3_in1k@160 bt_in1k gluon_in1k ra4_e3600_r224_in1k/inception tv_in1k' },
  resnet26: { side: 224, pixels: 'imageNet', features: 2048, parameters: 15995176, multiplyAccumulates: 2342256640, checkpoints: 'bt_in1k' },
  resnet50: { side: 224, pixels: 'imageNet', features: 2048, parameters: 25557032, multiplyAccumulates: 4089184256, checkpoints: 'a1_in1k a1h_in1k@176 a2_in1k a3_in1k@160 am_in1k b1k_in1k b2k_in1k bamboo:0 bt_in1k c1_in1k c2_in1k d_in1k fb_ssl_yfcc100m_ft_in1k fb_swsl_ig1b_ft_in1k gluon_in1k ra_in1k ram_in1k tv2_in1k@176 tv_in1k' },
  resnet101: { side: 224, pixels: 'imageNet', features: 2048, parameters: 44549160, multiplyAccumulates: 7801405440, checkpoints: 'a1h_in1k a1_in1k a2_in1k a3_in1k@160 gluon_in1k tv2_in1k@176 tv_in1k' },
  resnet152: { side: 224, pixels: 'imageNet', features: 2048, parameters: 60192808, multiplyAccumulates: 11513626624, checkpoints: 'a1h_in1k a1_in1k a2_in1k a3_in1k@160 gluon_in1k tv2_in1k@176 tv_in1k' },
  wide_resnet50_2: { side: 224, pixels: 'imageNet', features: 2048, parameters: 68883240, multiplyAccumulates: 11398021120, checkpoints: 'racm_in1k tv2_in1k@176 tv_in1k' },
  wide_resnet101_2: { side: 224, pixels: 'imageNet', features: 2048, parameters: 126886696, multiplyAccumulates: 22753050624, checkpoints: 'tv_in1k tv2_in1k@176' },
  resnext50_32x4d: { side: 224, pixels: 'imageNet', features: 2048, parameters: 25028904, multiplyAccumulates: 4230479872, checkpoints: 'a1h_in1k a1_in1k a2_in1k a3_in1k@160 fb_ssl_yfcc100m_ft_in1k fb_swsl_ig1b_ft_in1k gluon_in1k ra_in1k tv2_in1k@176 tv_in1k' },
  resnext101_32x4d: { side: 224, pixels: 'imageNet', features: 2048, parameters: 44177704, multiplyAccumulates: 7969996800, checkpoints: 'fb_ssl_yfcc100m_ft_in1k fb_swsl_ig1b_ft_in1k gluon_in1k' },
  resnext101_32x8d: { side: 224, pixels: 'imageNet', features: 2048, parameters: 88791336, multiplyAccumulates: 16414015488, checkpoints: 'tv_in1k fb_ssl_yfcc100m_ft_in1k fb_swsl_ig1b_ft_in1k fb_wsl_ig1b_ft_in1k tv2_in1k@176' },
  resnext101_64x4d: { side: 224, pixels: 'imageNet', features: 2048, parameters: 83455272, multiplyAccumulates: 15460270080, checkpoints: 'c1_in1k gluon_in1k tv_in1k' },
}

// prettier-ignore
export const swinArchitectures: Architectures = {
  swin_tiny_patch4_window7_224: { side: 224, pixels: 'imageNet', features: 768, parameters: 28288354, multiplyAccumulates: 4490566656, checkpoints: 'ms_in1k ms_in22k:21841 ms_in22k_ft_in1k' },
  swin_small_patch4_window7_224: { side: 224, pixels: 'imageNet', features: 768, parameters: 49606258, multiplyAccumulates: 8740875264, checkpoints: 'ms_in22k_ft_in1k ms_in1k ms_in22k:21841' },
  swin_base_patch4_window7_224: { side: 224, pixels: 'imageNet', features: 1024, parameters: 87768224, multiplyAccumulates: 15430946816, checkpoints: 'ms_in22k_ft_in1k ms_in1k ms_in22k:21841' },
  swin_base_patch4_window12_384: { side: 384, pixels: 'imageNet', features: 1024, parameters: 87903584, multiplyAccumulates: 47083134976, checkpoints: 'ms_in22k_ft_in1k ms_in1k ms_in22k:21841' },
  swin_large_patch4_window7_224: { side: 224, pixels: 'imageNet', features: 1536, parameters: 196532476, multiplyAccumulates: 34475759616, checkpoints: 'ms_in22k_ft_in1k ms_in22k:21841' },
  swin_large_patch4_window12_384: { side: 384, pixels: 'imageNet', features: 1536, parameters: 196735516, multiplyAccumulates: 103919087616, checkpoints: 'ms_in22k_ft_in1k ms_in22k:21841' },
}

// prettier-ignore
export const vitArchitectures: Architectures = {
  vit_tiny_patch16_224: { side: 224, pixels: 'inception', features: 192, parameters: 5717416, multiplyAccumulates: 1253683200, checkpoints: 'augreg_in21k_ft_in1k augreg_in21k:21843' },
  vit_tiny_patch16_384: { side: 384, pixels: 'inception', features: 192, parameters: 5790376, multiplyAccumulates: 4682219520, checkpoints: 'augreg_in21k_ft_in1k' },
  vit_small_patch8_224: { side: 224, pixels: 'imageNet', features: 384, parameters: 22055272, multiplyAccumulates: 22405742592, checkpoints: 'dino:0' },
  vit_small_patch16_224: { side: 224, pixels: 'inception', features: 384, parameters: 22050664, multiplyAccumulates: 4598882304, checkpoints: 'augreg_in21k_ft_in1k augreg_in1k augreg_in21k:21843 dino:0/imageNet' },
  vit_small_patch16_384: { side: 384, pixels: 'inception', features: 384, parameters: 22196584, multiplyAccumulates: 15490351104, checkpoints: 'augreg_in21k_ft_in1k augreg_in1k' },
  vit_small_patch32_224: { side: 224, pixels: 'inception', features: 384, parameters: 22878952, multiplyAccumulates: 1142909952, checkpoints: 'augreg_in21k_ft_in1k augreg_in21k:21843' },
  vit_small_patch32_384: { side: 384, pixels: 'inception', features: 384, parameters: 22915432, multiplyAccumulates: 3442900992, checkpoints: 'augreg_in21k_ft_in1k' },
  vit_small_patch16_36x1_224: { side: 224, pixels: 'inception', features: 384, parameters: 64665448, multiplyAccumulates: 13680273408, checkpoints: '' },
  vit_small_patch14_dinov2: { side: 518, pixels: 'imageNet', features: 384, parameters: 22441192, multiplyAccumulates: 46697123328, checkpoints: 'lvd142m:0' },
  vit_small_patch14_reg4_dinov2: { side: 518, pixels: 'imageNet', features: 384, parameters: 22442344, multiplyAccumulates: 46883212800, checkpoints: 'lvd142m:0' },
  vit_base_patch8_224: { side: 224, pixels: 'inception', features: 768, parameters: 86576872, multiplyAccumulates: 78148337664, checkpoints: 'augreg2_in21k_ft_in1k augreg_in21k:21843 augreg_in21k_ft_in1k dino:0/imageNet' },
  vit_base_patch16_224: { side: 224, pixels: 'inception', features: 768, parameters: 86567656, multiplyAccumulates: 17563828224, checkpoints: 'augreg2_in21k_ft_in1k augreg_in1k augreg_in21k:21843 augreg_in21k_ft_in1k bamboo:115217/clip dino:0/imageNet mae:0/imageNet orig_in21k:0 orig_in21k_ft_in1k sam_in1k' },
  vit_base_patch16_224_miil: { side: 224, pixels: 'plain', features: 768, parameters: 86540008, multiplyAccumulates: 17563828224, checkpoints: 'in21k:11221 in21k_ft_in1k' },
  vit_base_patch16_384: { side: 384, pixels: 'inception', features: 768, parameters: 86859496, multiplyAccumulates: 55484350464, checkpoints: 'augreg_in21k_ft_in1k augreg_in1k orig_in21k_ft_in1k' },
  vit_base_patch16_gap_224: { side: 224, pixels: 'inception', features: 768, parameters: 86566120, multiplyAccumulates: 17471649792, checkpoints: '' },
  vit_base_patch16_plus_240: { side: 240, pixels: 'inception', features: 896, parameters: 117557992, multiplyAccumulates: 27380907008, checkpoints: '' },
  vit_base_patch16_reg4_gap_256: { side: 256, pixels: 'inception', features: 768, parameters: 86615272, multiplyAccumulates: 23480776704, checkpoints: '' },
  vit_base_patch32_224: { side: 224, pixels: 'inception', features: 768, parameters: 88224232, multiplyAccumulates: 4409186304, checkpoints: 'augreg_in21k_ft_in1k augreg_in1k augreg_in21k:21843 orig_in21k:0 sam_in1k' },
  vit_base_patch32_384: { side: 384, pixels: 'inception', features: 768, parameters: 88297192, multiplyAccumulates: 13043564544, checkpoints: 'augreg_in21k_ft_in1k augreg_in1k' },
  vit_base_patch32_plus_256: { side: 256, pixels: 'inception', features: 896, parameters: 119478120, multiplyAccumulates: 7782268928, checkpoints: '' },
  vit_base_patch14_dinov2: { side: 518, pixels: 'imageNet', features: 768, parameters: 87348712, multiplyAccumulates: 151574486016, checkpoints: 'lvd142m:0' },
  vit_base_patch14_reg4_dinov2: { side: 518, pixels: 'imageNet', features: 768, parameters: 87351016, multiplyAccumulates: 152116534272, checkpoints: 'lvd142m:0' },
  vit_large_patch14_224: { side: 224, pixels: 'inception', features: 1024, parameters: 304203752, multiplyAccumulates: 81013006336, checkpoints: '' },
  vit_large_patch16_224: { side: 224, pixels: 'inception', features: 1024, parameters: 304326632, multiplyAccumulates: 61554712576, checkpoints: 'augreg_in21k_ft_in1k augreg_in21k:21843 mae:0/imageNet orig_in21k:0' },
  vit_large_patch16_384: { side: 384, pixels: 'inception', features: 1024, parameters: 304715752, multiplyAccumulates: 191066300416, checkpoints: 'augreg_in21k_ft_in1k' },
  vit_large_patch32_224: { side: 224, pixels: 'inception', features: 1024, parameters: 306535400, multiplyAccumulates: 15377539072, checkpoints: 'orig_in21k:0' },
  vit_large_patch32_384: { side: 384, pixels: 'inception', features: 1024, parameters: 306632680, multiplyAccumulates: 45275963392, checkpoints: 'orig_in21k_ft_in1k' },
  vit_large_patch14_dinov2: { side: 518, pixels: 'imageNet', features: 1024, parameters: 305392616, multiplyAccumulates: 506804850688, checkpoints: 'lvd142m:0' },
  vit_large_patch14_reg4_dinov2: { side: 518, pixels: 'imageNet', features: 1024, parameters: 305395688, multiplyAccumulates: 508552302592, checkpoints: 'lvd142m:0' },
  vit_huge_patch14_224: { side: 224, pixels: 'inception', features: 1280, parameters: 632045800, multiplyAccumulates: 167295109120, checkpoints: 'orig_in21k:0 mae:0/imageNet' },
  vit_huge_patch14_gap_224: { side: 224, pixels: 'imageNet', features: 1280, parameters: 632043240, multiplyAccumulates: 166623938560, checkpoints: 'in1k_ijepa:0 in22k_ijepa:0' },
  vit_huge_patch16_gap_448: { side: 448, pixels: 'imageNet', features: 1280, parameters: 632949480, multiplyAccumulates: 544374753280, checkpoints: 'in1k_ijepa:0' },
  vit_giant_patch14_224: { side: 224, pixels: 'inception', features: 1408, parameters: 1012611432, multiplyAccumulates: 267031491584, checkpoints: '' },
  vit_giant_patch16_gap_224: { side: 224, pixels: 'imageNet', features: 1408, parameters: 1012777576, multiplyAccumulates: 202354392064, checkpoints: 'in22k_ijepa:0' },
  vit_giant_patch14_dinov2: { side: 518, pixels: 'imageNet', features: 1536, parameters: 1138016232, multiplyAccumulates: 1783344494592, checkpoints: 'lvd142m:0' },
  vit_giant_patch14_reg4_dinov2: { side: 518, pixels: 'imageNet', features: 1536, parameters: 1138020840, multiplyAccumulates: 1789223073792, checkpoints: 'lvd142m:0' },
  vit_gigantic_patch14_224: { side: 224, pixels: 'inception', features: 1664, parameters: 1844440680, multiplyAccumulates: 483747550208, checkpoints: '' },
  vit_wee_patch16_reg1_gap_256: { side: 256, pixels: 'inception', features: 256, parameters: 13422568, multiplyAccumulates: 3825206272, checkpoints: 'sbb_in1k' },
  vit_little_patch16_reg1_gap_256: { side: 256, pixels: 'inception', features: 320, parameters: 22515048, multiplyAccumulates: 6255248640, checkpoints: 'sbb_in12k_ft_in1k sbb_in12k:11821' },
  vit_little_patch16_reg4_gap_256: { side: 256, pixels: 'inception', features: 320, parameters: 22516008, multiplyAccumulates: 6334517760, checkpoints: 'sbb_in1k' },
  vit_medium_patch16_gap_240: { side: 240, pixels: 'inception', features: 512, parameters: 38845416, multiplyAccumulates: 9204531200, checkpoints: 'sw_in12k:11821' },
  vit_medium_patch16_gap_256: { side: 256, pixels: 'inception', features: 512, parameters: 38861288, multiplyAccumulates: 10570158080, checkpoints: 'sw_in12k_ft_in1k' },
  vit_medium_patch16_gap_384: { side: 384, pixels: 'inception', features: 512, parameters: 39025128, multiplyAccumulates: 26047139840, checkpoints: 'sw_in12k_ft_in1k' },
  vit_medium_patch16_reg1_gap_256: { side: 256, pixels: 'inception', features: 512, parameters: 38880232, multiplyAccumulates: 10614210560, checkpoints: 'sbb_in1k' },
  vit_medium_patch16_reg4_gap_256: { side: 256, pixels: 'inception', features: 512, parameters: 38881768, multiplyAccumulates: 10746515456, checkpoints: 'sbb_in12k_ft_in1k sbb_in1k sbb_in12k:11821' },
  vit_mediumd_patch16_reg4_gap_256: { side: 256, pixels: 'inception', features: 512, parameters: 64109032, multiplyAccumulates: 17843408896, checkpoints: 'sbb2_e200_in12k_ft_in1k sbb2_e200_in12k:11821 sbb_in12k:11821 sbb_in12k_ft_in1k' },
  vit_mediumd_patch16_reg4_gap_384: { side: 384, pixels: 'inception', features: 512, parameters: 64272872, multiplyAccumulates: 43606921216, checkpoints: 'sbb2_e200_in12k_ft_in1k' },
  vit_betwixt_patch16_gap_256: { side: 256, pixels: 'inception', features: 640, parameters: 60372840, multiplyAccumulates: 16232596480, checkpoints: '' },
  vit_betwixt_patch16_reg1_gap_256: { side: 256, pixels: 'inception', features: 640, parameters: 60396520, multiplyAccumulates: 16299458560, checkpoints: 'sbb_in1k' },
  vit_betwixt_patch16_reg4_gap_256: { side: 256, pixels: 'inception', features: 640, parameters: 60398440, multiplyAccumulates: 16500229120, checkpoints: 'sbb2_e200_in12k_ft_in1k sbb2_e200_in12k:11821 sbb_in1k sbb_in12k:11821 sbb_in12k_ft_in1k' },
  vit_betwixt_patch16_reg4_gap_384: { side: 384, pixels: 'inception', features: 640, parameters: 60603240, multiplyAccumulates: 39660651520, checkpoints: 'sbb2_e200_in12k_ft_in1k' },
  vit_so150m_patch16_reg4_gap_256: { side: 256, pixels: 'inception', features: 896, parameters: 134131560, multiplyAccumulates: 36708912128, checkpoints: 'sbb_e250_in12k_ft_in1k sbb_e250_in12k:11821' },
  vit_so150m_patch16_reg4_gap_384: { side: 384, pixels: 'inception', features: 896, parameters: 134418280, multiplyAccumulates: 87878110208, checkpoints: 'sbb_e250_in12k_ft_in1k' },
  vit_so150m2_patch16_reg1_gap_256: { side: 256, pixels: 'inception', features: 832, parameters: 136059560, multiplyAccumulates: 36957960832, checkpoints: 'sbb_e200_in12k_ft_in1k sbb_e200_in12k:11821' },
  vit_so150m2_patch16_reg1_gap_384: { side: 384, pixels: 'inception', features: 832, parameters: 136325800, multiplyAccumulates: 89427475072, checkpoints: 'sbb_e200_in12k_ft_in1k' },
  vit_so150m2_patch16_reg1_gap_448: { side: 448, pixels: 'inception', features: 832, parameters: 136498856, multiplyAccumulates: 127370349184, checkpoints: 'sbb_e200_in12k_ft_in1k' },
  vit_intern300m_patch14_448: { side: 448, pixels: 'imageNet', features: 1024, parameters: 305037288, multiplyAccumulates: 361797541888, checkpoints: 'ogvl_dist:0 ogvl_2pt5:0' },
  vit_xsmall_patch16_clip_224: { side: 224, pixels: 'clip', features: 256, parameters: 8402920, multiplyAccumulates: 1786764288, checkpoints: 'tinyclip_yfcc15m:512' },
  vit_medium_patch16_clip_224: { side: 224, pixels: 'clip', features: 512, parameters: 38838248, multiplyAccumulates: 7990968320, checkpoints: 'tinyclip_yfcc15m:512' },
  vit_medium_patch32_clip_224: { side: 224, pixels: 'clip', features: 512, parameters: 39942632, multiplyAccumulates: 1995739136, checkpoints: 'tinyclip_laion400m:512' },
  vit_betwixt_patch32_clip_224: { side: 224, pixels: 'clip', features: 640, parameters: 61724520, multiplyAccumulates: 3084497920, checkpoints: 'tinyclip_laion400m:512' },
  vit_base_patch16_clip_224: { side: 224, pixels: 'clip', features: 768, parameters: 86568424, multiplyAccumulates: 17563828224, checkpoints: 'laion2b_ft_in12k_in1k datacompxl:512 dfn2b:512 laion2b:512 laion2b_ft_in1k laion2b_ft_in12k:11821 laion400m_e32:512 metaclip_2pt5b:512 metaclip_400m:512 openai:512 openai_ft_in1k openai_ft_in12k:11821 openai_ft_in12k_in1k' },
  vit_base_patch16_clip_384: { side: 384, pixels: 'clip', features: 768, parameters: 86860264, multiplyAccumulates: 55484350464, checkpoints: 'laion2b_ft_in12k_in1k laion2b_ft_in1k openai_ft_in1k openai_ft_in12k_in1k' },
  vit_base_patch16_clip_quickgelu_224: { side: 224, pixels: 'clip', features: 768, parameters: 86568424, multiplyAccumulates: 17563828224, checkpoints: 'metaclip_2pt5b:512 metaclip_400m:512 openai:512' },
  vit_base_patch16_plus_clip_240: { side: 240, pixels: 'clip', features: 896, parameters: 117537384, multiplyAccumulates: 27380907008, checkpoints: 'laion400m_e32:640' },
  vit_base_patch32_clip_224: { side: 224, pixels: 'clip', features: 768, parameters: 88225000, multiplyAccumulates: 4409186304, checkpoints: 'laion2b_ft_in12k_in1k datacompxl:512 laion2b:512 laion2b_ft_in1k laion400m_e32:512 metaclip_2pt5b:512 metaclip_400m:512 openai:512 openai_ft_in1k' },
  vit_base_patch32_clip_256: { side: 256, pixels: 'clip', features: 768, parameters: 88236520, multiplyAccumulates: 5750390784, checkpoints: 'datacompxl:512' },
  vit_base_patch32_clip_384: { side: 384, pixels: 'clip', features: 768, parameters: 88297960, multiplyAccumulates: 13043564544, checkpoints: 'laion2b_ft_in12k_in1k openai_ft_in12k_in1k' },
  vit_base_patch32_clip_448: { side: 448, pixels: 'clip', features: 768, parameters: 88337896, multiplyAccumulates: 17910644736, checkpoints: 'laion2b_ft_in12k_in1k' },
  vit_base_patch32_clip_quickgelu_224: { side: 224, pixels: 'clip', features: 768, parameters: 88225000, multiplyAccumulates: 4409186304, checkpoints: 'laion400m_e32:512 metaclip_2pt5b:512 metaclip_400m:512 openai:512' },
  vit_large_patch14_clip_224: { side: 224, pixels: 'inception', features: 1024, parameters: 304204776, multiplyAccumulates: 81013006336, checkpoints: 'laion2b_ft_in12k_in1k apple_mclip2_dfndr2b:768/clip datacompxl:768/clip dfn2b:768/clip dfn2b_s39b:768/clip laion2b:768 laion2b_ft_in1k laion2b_ft_in12k:11821 laion400m_e32:768/clip metaclip_2pt5b:768/clip metaclip_400m:768/clip openai:768/clip openai_ft_in1k/clip openai_ft_in12k:11821/clip openai_ft_in12k_in1k/clip' },
  vit_large_patch14_clip_336: { side: 336, pixels: 'inception', features: 1024, parameters: 304532456, multiplyAccumulates: 190960132096, checkpoints: 'laion2b_ft_in12k_in1k laion2b_ft_in1k openai:768/clip openai_ft_in12k_in1k/clip' },
  vit_large_patch14_clip_quickgelu_224: { side: 224, pixels: 'clip', features: 1024, parameters: 304204776, multiplyAccumulates: 81013006336, checkpoints: 'dfn2b:768 metaclip_2pt5b:768 metaclip_400m:768 openai:768' },
  vit_large_patch14_clip_quickgelu_336: { side: 336, pixels: 'clip', features: 1024, parameters: 304532456, multiplyAccumulates: 190960132096, checkpoints: 'openai:768' },
  vit_huge_patch14_clip_224: { side: 224, pixels: 'clip', features: 1280, parameters: 632047080, multiplyAccumulates: 167295109120, checkpoints: 'laion2b_ft_in12k_in1k dfn5b:1024 laion2b:1024 laion2b_ft_in1k laion2b_ft_in12k:11821 metaclip2_worldwide:1024 metaclip_2pt5b:1024 metaclip_altogether:1024' },
  vit_huge_patch14_clip_336: { side: 336, pixels: 'clip', features: 1280, parameters: 632456680, multiplyAccumulates: 390725355520, checkpoints: 'laion2b_ft_in12k_in1k' },
  vit_huge_patch14_clip_378: { side: 378, pixels: 'clip', features: 1280, parameters: 632652520, multiplyAccumulates: 503481410560, checkpoints: 'dfn5b:1024 metaclip2_worldwide:1024' },
  vit_huge_patch14_clip_quickgelu_224: { side: 224, pixels: 'clip', features: 1280, parameters: 632047080, multiplyAccumulates: 167295109120, checkpoints: 'dfn5b:1024 metaclip2_worldwide:1024 metaclip_2pt5b:1024' },
  vit_huge_patch14_clip_quickgelu_378: { side: 378, pixels: 'clip', features: 1280, parameters: 632652520, multiplyAccumulates: 503481410560, checkpoints: 'dfn5b:1024' },
  vit_giant_patch14_clip_224: { side: 224, pixels: 'clip', features: 1408, parameters: 1012612840, multiplyAccumulates: 267031491584, checkpoints: 'laion2b:1024' },
  vit_gigantic_patch14_clip_224: { side: 224, pixels: 'clip', features: 1664, parameters: 1844442344, multiplyAccumulates: 483747550208, checkpoints: 'laion2b:1280 metaclip2_worldwide:1280 metaclip_2pt5b:1280' },
  vit_gigantic_patch14_clip_378: { side: 378, pixels: 'clip', features: 1664, parameters: 1845229416, multiplyAccumulates: 1429225660928, checkpoints: 'metaclip2_worldwide:1280' },
  vit_gigantic_patch14_clip_quickgelu_224: { side: 224, pixels: 'clip', features: 1664, parameters: 1844442344, multiplyAccumulates: 483747550208, checkpoints: 'metaclip_2pt5b:1280' },
  vit_base_patch16_siglip_gap_224: { side: 224, pixels: 'inception', features: 768, parameters: 86566120, multiplyAccumulates: 17471649792, checkpoints: 'v2_webli:0 webli:0' },
  vit_base_patch16_siglip_gap_256: { side: 256, pixels: 'inception', features: 768, parameters: 86612200, multiplyAccumulates: 23102994432, checkpoints: 'v2_webli:0 webli:0 webli_i18n:0' },
  vit_base_patch16_siglip_gap_384: { side: 384, pixels: 'inception', features: 768, parameters: 86857960, multiplyAccumulates: 55378163712, checkpoints: 'v2_webli:0 webli:0' },
  vit_base_patch16_siglip_gap_512: { side: 512, pixels: 'inception', features: 768, parameters: 87202024, multiplyAccumulates: 106905188352, checkpoints: 'v2_webli:0 webli:0' },
  vit_base_patch32_siglip_gap_256: { side: 256, pixels: 'inception', features: 768, parameters: 88234216, multiplyAccumulates: 5663078400, checkpoints: 'v2_webli:0' },
  vit_large_patch16_siglip_gap_256: { side: 256, pixels: 'inception', features: 1024, parameters: 304386024, multiplyAccumulates: 80732987392, checkpoints: 'v2_webli:0 webli:0' },
  vit_large_patch16_siglip_gap_384: { side: 384, pixels: 'inception', features: 1024, parameters: 304713704, multiplyAccumulates: 190707638272, checkpoints: 'v2_webli:0 webli:0' },
  vit_large_patch16_siglip_gap_512: { side: 512, pixels: 'inception', features: 1024, parameters: 305172456, multiplyAccumulates: 361583583232, checkpoints: 'v2_webli:0' },
  vit_so400m_patch14_siglip_gap_224: { side: 224, pixels: 'inception', features: 1152, parameters: 413595352, multiplyAccumulates: 109485462528, checkpoints: 'v2_webli:0 pali2_3b_pt:0 pali2_10b_pt:0 pali_mix:0 pali_pt:0 webli:0' },
  vit_so400m_patch14_siglip_gap_378: { side: 378, pixels: 'inception', features: 1152, parameters: 414140248, multiplyAccumulates: 333225209088, checkpoints: 'v2_webli:0 webli:0 webli_ft_in1k' },
  vit_so400m_patch14_siglip_gap_384: { side: 384, pixels: 'inception', features: 1152, parameters: 414140248, multiplyAccumulates: 333225209088, checkpoints: 'webli:0' },
  vit_so400m_patch14_siglip_gap_448: { side: 448, pixels: 'inception', features: 1152, parameters: 414480088, multiplyAccumulates: 486860755968, checkpoints: 'pali_mix:0 pali2_3b_docci:0 pali2_3b_pt:0 pali2_10b_docci:0 pali2_10b_pt:0 pali_ocrvqa:0 pali_pt:0 pali_refcoco_seg:0' },
  vit_so400m_patch14_siglip_gap_896: { side: 896, pixels: 'inception', features: 1152, parameters: 418019032, multiplyAccumulates: 2730197357568, checkpoints: 'pali_pt:0 pali2_3b_pt:0 pali2_10b_pt:0 pali_ocrvqa:0 pali_refcoco_seg:0' },
  vit_so400m_patch16_siglip_gap_256: { side: 256, pixels: 'inception', features: 1152, parameters: 413802712, multiplyAccumulates: 109538546688, checkpoints: 'v2_webli:0 webli_i18n:0' },
  vit_so400m_patch16_siglip_gap_384: { side: 384, pixels: 'inception', features: 1152, parameters: 414171352, multiplyAccumulates: 257926468608, checkpoints: 'v2_webli:0' },
  vit_so400m_patch16_siglip_gap_512: { side: 512, pixels: 'inception', features: 1152, parameters: 414687448, multiplyAccumulates: 487073092608, checkpoints: 'v2_webli:0' },
  vit_giantopt_patch16_siglip_gap_256: { side: 256, pixels: 'inception', features: 1536, parameters: 1136375272, multiplyAccumulates: 298266882048, checkpoints: 'v2_webli:0' },
  vit_giantopt_patch16_siglip_gap_384: { side: 384, pixels: 'inception', features: 1536, parameters: 1136866792, multiplyAccumulates: 693747806208, checkpoints: 'v2_webli:0' },
}

// prettier-ignore
export const wideResNetArchitectures: Architectures = {
  wide_resnet28_10: { side: 32, pixels: 'plain', features: 640, parameters: 37113784, multiplyAccumulates: 5243962368, checkpoints: '' },
  wide_resnet34_10: { side: 32, pixels: 'plain', features: 640, parameters: 46795064, multiplyAccumulates: 6659539968, checkpoints: '' },
  wide_resnet34_20: { side: 32, pixels: 'plain', features: 1280, parameters: 185799864, multiplyAccumulates: 26583123968, checkpoints: '' },
  wide_resnet70_16: { side: 32, pixels: 'plain', features: 1024, parameters: 267811256, multiplyAccumulates: 38765223936, checkpoints: '' },
  dm_wide_resnet28_10: { side: 32, pixels: 'cifar10', features: 640, parameters: 37113784, multiplyAccumulates: 5243962368, checkpoints: '' },
  dm_wide_resnet34_10: { side: 32, pixels: 'cifar10', features: 640, parameters: 46795064, multiplyAccumulates: 6659539968, checkpoints: '' },
  dm_wide_resnet70_16: { side: 32, pixels: 'cifar10', features: 1024, parameters: 267811256, multiplyAccumulates: 38765223936, checkpoints: '' },
}
