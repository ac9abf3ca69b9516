"""Inception: from GoogLeNet to Inception-ResNet."""

from .entry import Card, Paper

# ----------------------------------------------------------------------------------------------------------- Inception

GOOGLENET = Paper(
    "Going Deeper with Convolutions",
    "Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich",
    2014,
    "arXiv:1409.4842",
)
INCEPTION_V2 = Paper(
    "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    "Ioffe, Szegedy",
    2015,
    "arXiv:1502.03167",
)
INCEPTION_V3 = Paper(
    "Rethinking the Inception Architecture for Computer Vision",
    "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
    2015,
    "arXiv:1512.00567",
)
INCEPTION_V4 = Paper(
    "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
    "Szegedy, Ioffe, Vanhoucke, Alemi",
    2016,
    "arXiv:1602.07261",
)
CARDS = [
    Card(
        "googlenet", "googlenet", GOOGLENET, "Table 1", (224, 224, 3), 1000, 6_998_552, 6_998_552, 1_582_671_872,
        same_as="the authors' network in Caffe's model zoo (bvlc_googlenet)",
        published={"parameters": "6.8 M (Table 1, the sum of its rows)", "MACs": "1.5e9 (Section 1)",
                   "error": "top-5 10.07 % on ImageNet, one network, one crop (Table 3)"},
        departs="nothing; the first row of Table 1 (2.7 K parameters, 34 M operations) is not that of the 7x7 "
        "convolution it names",
        min_size=31,
    ),
    Card(
        "googlenet_bn", "googlenet_bn", GOOGLENET, "Table 1", (224, 224, 3), 1000, 6_624_904, 6_639_464, 1_498_376_192,
        same_as="torchvision 0.28.0",
        departs="as torchvision does: batch normalization instead of biases and local response normalization, 3x3 "
        "instead of 5x5 convolutions, a last pool of 2x2, dropout 0.2",
        min_size=15,
    ),
    Card(
        "inception_v2", "inception_v2", INCEPTION_V2, "Figure 5", (224, 224, 3), 1000,
        11_285_224, 11_305_256, 2_032_600_064,
        same_as="pytorchcv 0.0.74",
        published={"parameters": "13.6 M (Section 4.2), which Figure 5 does not add up to",
                   "error": "top-1 25.2 %, top-5 7.82 % on ImageNet, one network, one crop (Figure 4)"},
        departs="a plain 7x7 convolution instead of a separable one, and 608 channels in 4c and 4d, where Figure 5 "
        'contradicts itself (its columns say 608, its output size 576): stem="separable" gives the other reading',
        min_size=7,
    ),
    Card(
        "inception_v3", "inception_v3", INCEPTION_V3, "Table 1, Figures 5 to 7", (299, 299, 3), 1000,
        23_817_352, 23_851_784, 5_713_216_096,
        same_as="keras.applications 3.15.1, and torchvision 0.28.0 but for the scales of its batch normalizations",
        published={"parameters": "less than 25 M (abstract)", "MACs": "5e9 (abstract), 4.8e9 (Table 3)",
                   "error": "top-1 21.2 %, top-5 5.6 % on ImageNet, one network, one crop (Table 3)"},
        departs="as the authors' published network does: 1x1, 3x3, pool instead of 3x3, 3x3/2, 3x3 in the stem, a 5x5 "
        "instead of a 3x3 convolution in the modules of Figure 5; batch normalization without scale",
        scaling="symmetric", min_size=75,
    ),
    Card(
        "inception_v4", "inception_v4", INCEPTION_V4, "Figures 3 to 9", (299, 299, 3), 1000,
        42_679_816, 42_742_984, 12_253_974_624,
        same_as="timm 1.0.31, pytorchcv 0.0.74, pretrainedmodels 0.7.4",
        published={"error": "top-1 20.0 %, top-5 5.0 % on ImageNet, one network, one crop (Table 2)"},
        departs="the order of some pairs of 1x7 and 7x1 convolutions, as in the authors' code",
        scaling="symmetric", min_size=75,
    ),
    Card(
        "inception_resnet_v1", "inception_resnet", INCEPTION_V4, "Figures 10 to 15", (299, 299, 3), 1000,
        22_756_328, 22_783_368, 6_206_361_696,
        published={"error": "top-1 21.3 %, top-5 5.5 % on ImageNet, one network, one crop (Table 2)"},
        departs="nothing; the paper gives no scales for its residuals, so they are those of v2",
        scaling="symmetric", min_size=75,
    ),
    Card(
        "inception_resnet_v2", "inception_resnet", INCEPTION_V4, "Figures 15 to 20", (299, 299, 3), 1000,
        55_843_464, 55_904_008, 13_155_794_016,
        same_as="timm 1.0.31, pytorchcv 0.0.74, pretrainedmodels 0.7.4, and keras.applications 3.15.1 but for the "
        "scales of its batch normalizations",
        published={"error": "top-1 19.9 %, top-5 4.9 % on ImageNet, one network, one crop (Table 2)"},
        departs="as the authors' published network does: the stem of Inception v3 and one more module, 10, 20 and 10 "
        "blocks instead of 5, 10 and 5, the last one neither scaled nor rectified, maps of 320, 1088 and 2080 channels "
        "(the figures print 384, 1154 and 2048, which do not add up), a 1x1 convolution to 1536 at the end",
        scaling="symmetric", min_size=75,
    ),
]  # fmt: skip
